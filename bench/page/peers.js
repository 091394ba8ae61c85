/** What is compared with, bundled with the page. In JavaScript, as none of them is a dependency that types could be had from. */
const peers = {
  'libsodium-wrappers': () => import('libsodium-wrappers'),
  '@oqs/liboqs-js': () => import('@oqs/liboqs-js'),
  mlkem: () => import('mlkem'),
  'hash-wasm': () => import('hash-wasm'),
};

/** @param {string} name */
export async function load(name) {
  const found = peers[name];
  if (found === undefined) throw new Error(`${name} is not bundled with the page`);
  return found();
}
