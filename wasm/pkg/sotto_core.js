/* @ts-self-types="./sotto_core.d.ts" */

/**
 * io in: relay 32 | key-id 8 | params 16 | random 96 | onion key of the suite; out: CREATE of the suite | client u32.
 * @param {number} suite
 * @returns {number}
 */
export function client_create(suite) {
    const ret = wasm.client_create(suite);
    return ret >>> 0;
}

/**
 * io in: CREATED, of any length; out: bind 32 | params 16 | Kf 32 | Kb 32. The client is freed in any case.
 * @param {number} handle
 * @param {number} length
 * @returns {number}
 */
export function client_finish(handle, length) {
    const ret = wasm.client_finish(handle, length);
    return ret >>> 0;
}

/**
 * @param {number} handle
 */
export function client_free(handle) {
    wasm.client_free(handle);
}

/**
 * io in: seed 32; out: public key 32.
 * @returns {number}
 */
export function ed25519_public() {
    const ret = wasm.ed25519_public();
    return ret >>> 0;
}

/**
 * io in: public key 32 | signature 64 | message. 1 when S·B = R + k·A, else 0.
 * @param {number} length
 * @returns {number}
 */
export function ed25519_satisfies(length) {
    const ret = wasm.ed25519_satisfies(length);
    return ret >>> 0;
}

/**
 * io in: seed 32 | message; out: signature 64.
 * @param {number} length
 * @returns {number}
 */
export function ed25519_sign(length) {
    const ret = wasm.ed25519_sign(length);
    return ret >>> 0;
}

/**
 * How many entries are in use: 0 clients, 1 KEM keys, 2 onion keys.
 * @param {number} table
 * @returns {number}
 */
export function in_use(table) {
    const ret = wasm.in_use(table);
    return ret >>> 0;
}

/**
 * Where `io` begins.
 * @returns {number}
 */
export function io_offset() {
    const ret = wasm.io_offset();
    return ret >>> 0;
}

/**
 * io in: ciphertext, of any length; out: shared secret 32.
 * @param {number} handle
 * @param {number} length
 * @returns {number}
 */
export function kem_decaps(handle, length) {
    const ret = wasm.kem_decaps(handle, length);
    return ret >>> 0;
}

/**
 * io in: random 64 | public key of the suite; out: ciphertext of the suite | shared secret 32.
 * @param {number} suite
 * @returns {number}
 */
export function kem_encaps(suite) {
    const ret = wasm.kem_encaps(suite);
    return ret >>> 0;
}

/**
 * @param {number} handle
 */
export function kem_key_free(handle) {
    wasm.kem_key_free(handle);
}

/**
 * io in: seed 32; out: public key of the suite. A handle, or 0 when the table is full or the suite is not known.
 * @param {number} suite
 * @returns {number}
 */
export function kem_key_new(suite) {
    const ret = wasm.kem_key_new(suite);
    return ret >>> 0;
}

/**
 * @param {number} handle
 */
export function onion_key_free(handle) {
    wasm.onion_key_free(handle);
}

/**
 * io in: relay 32 | key-id 8 | seed 32; out: public key of the suite. A handle, or 0 when the table is full or the suite is not known.
 * @param {number} suite
 * @returns {number}
 */
export function onion_key_new(suite) {
    const ret = wasm.onion_key_new(suite);
    return ret >>> 0;
}

/**
 * io in: text; out: `output` bytes of the function with that number.
 * @param {number} number
 * @param {number} length
 * @param {number} output
 * @returns {number}
 */
export function raw_keccak(number, length, output) {
    const ret = wasm.raw_keccak(number, length, output);
    return ret >>> 0;
}

/**
 * io in: expanded decapsulation key | ciphertext; out: shared 32.
 * @param {number} set
 * @returns {number}
 */
export function raw_mlkem_decaps(set) {
    const ret = wasm.raw_mlkem_decaps(set);
    return ret >>> 0;
}

/**
 * io in: m 32 | encapsulation key; out: ciphertext | shared 32.
 * @param {number} set
 * @returns {number}
 */
export function raw_mlkem_encaps(set) {
    const ret = wasm.raw_mlkem_encaps(set);
    return ret >>> 0;
}

/**
 * io in: d ‖ z 64; out: encapsulation key | expanded decapsulation key. Sets: 512, 768, 1024.
 * @param {number} set
 * @returns {number}
 */
export function raw_mlkem_keygen(set) {
    const ret = wasm.raw_mlkem_keygen(set);
    return ret >>> 0;
}

/**
 * io in: scalar 32 | point 32; out: shared 32.
 * @returns {number}
 */
export function raw_x25519() {
    const ret = wasm.raw_x25519();
    return ret >>> 0;
}

/**
 * io in: params 16 | random 64 | CREATE, of any length; out: CREATED of the key's suite | bind 32 | params 16 | Kf 32 | Kb 32.
 * @param {number} handle
 * @param {number} length
 * @returns {number}
 */
export function relay_accept(handle, length) {
    const ret = wasm.relay_accept(handle, length);
    return ret >>> 0;
}

/**
 * io in: the next piece of a message; out, with the last one: digest 32.
 * @param {number} length
 * @param {boolean} last
 * @returns {number}
 */
export function sha256(length, last) {
    const ret = wasm.sha256(length, last);
    return ret >>> 0;
}

/**
 * io in: text; out: `output` bytes of SHAKE256.
 * @param {number} length
 * @param {number} output
 * @returns {number}
 */
export function shake256(length, output) {
    const ret = wasm.shake256(length, output);
    return ret >>> 0;
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            table.set(0, undefined);
            table.set(1024, undefined);
            table.set(1025, null);
            table.set(1026, true);
            table.set(1027, false);
        },
    };
    return {
        __proto__: null,
        "./sotto_core_bg.js": import0,
    };
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

let __wbg_init_promise;
async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;
    if (__wbg_init_promise === undefined) {
        __wbg_init_promise = __wbg_init_once(module_or_path);
        __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
    }
    return __wbg_init_promise;
}

async function __wbg_init_once(module_or_path) {

    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }

    if (module_or_path === undefined) {
        module_or_path = new URL('sotto_core_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
