export type { Descriptor } from './descriptor-type.ts';
export { parseAnchors, type Anchor } from './anchors.ts';
export { Blame } from './blame.ts';
export { Conduct, type Conducted, type Misdeed } from './conduct.ts';
export { DirectoryClient, type DirectoryAsker, type DirectoryCircuit } from './client.ts';
export {
  decodeDescriptor,
  describesItself,
  DESCRIPTOR_LIFE,
  keyIdOf,
  MAX_DESCRIPTOR_BYTES,
  signDescriptor,
  verifyDescriptor,
  type DescriptorFields,
} from './descriptor.ts';
export { Directory, type Disagreement, type DirectoryOptions, type Merge } from './directory.ts';
export { Guards, type Candidate, type GuardState } from './guards.ts';
export { answerDirectory, decodePage, encodeDirectoryRequest, encodePage, PAGE_DESCRIPTORS, type Page } from './pages.ts';
export { choosePath, type Path, type PathQuestion } from './path.ts';
export { NetworkTime } from './time.ts';
