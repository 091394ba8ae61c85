export { openVault, VaultError } from './browser-vault.ts';
export { deviceOf, did, personaOf, SUITE, verifyCertificate, type DeviceIdentity } from './certificate.ts';
export { bodyOf, KEYSET_BYTES, newKeysetSeed, Signer, verifyLight, verifySigned } from './keyset.ts';
export { createPersona, importPersona, type Persona, type PersonaTerms } from './persona.ts';
export { DATA_KEY_BYTES, newVaultFromKey, Vault } from './vault.ts';
