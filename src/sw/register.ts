/** Installs the service worker, so that the app opens offline from the next visit on. */

/** Under Trusted Types the address of a worker is code: the one policy for it lets nothing but this address through. */
const address = '/sw.js';

/** Of the Trusted Types API, what is used here; browsers without it take the address as it is. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

function trustedAddress(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return address;
  const policy = trustedTypes.createPolicy('sotto-sw', {
    createScriptURL(url) {
      if (url !== address) throw new TypeError(`sotto-sw: ${url} is not the service worker`);
      return url;
    },
  });
  // A TrustedScriptURL is taken wherever the DOM's types say string.
  return policy.createScriptURL(address) as string;
}

/** To be called once in a page. Rejects when the browser has no service workers or refuses them (a private window): the app then works online only. */
export async function registerServiceWorker(): Promise<ServiceWorkerRegistration> {
  if (!('serviceWorker' in navigator)) throw new Error('this browser has no service workers');
  return navigator.serviceWorker.register(trustedAddress(), { updateViaCache: 'none' });
}
