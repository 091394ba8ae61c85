/* @ts-self-types="./sotto_cell.d.ts" */

/**
 * Where `io` begins.
 * @returns {number}
 */
export function io_offset() {
    const ret = wasm.io_offset();
    return ret >>> 0;
}

/**
 * Where the jobs begin.
 * @returns {number}
 */
export function jobs_offset() {
    const ret = wasm.jobs_offset();
    return ret >>> 0;
}

/**
 * @param {number} handle
 */
export function layer_key_free(handle) {
    wasm.layer_key_free(handle);
}

/**
 * io: key 32. A handle, or 0 when the table is full.
 * @returns {number}
 */
export function layer_key_new() {
    const ret = wasm.layer_key_new();
    return ret >>> 0;
}

/**
 * How many layer keys are held.
 * @returns {number}
 */
export function layer_keys_in_use() {
    const ret = wasm.layer_keys_in_use();
    return ret >>> 0;
}

/**
 * io in: body 1016. Whether it opened to its zeros, and is a part that `message_split` writes.
 * @returns {number}
 */
export function message_check() {
    const ret = wasm.message_check();
    return ret >>> 0;
}

/**
 * io in: all bodies of a message in their order; out: length u32 | message.
 * @param {number} count
 * @returns {number}
 */
export function message_join(count) {
    const ret = wasm.message_join(count);
    return ret >>> 0;
}

/**
 * io in: message; out: bodies of 1016. The number of parts, or 0 when the message is too long.
 * @param {number} kind
 * @param {number} flags
 * @param {number} message
 * @param {number} seen
 * @param {number} length
 * @returns {number}
 */
export function message_split(kind, flags, message, seen, length) {
    const ret = wasm.message_split(kind, flags, message, seen, length);
    return ret >>> 0;
}

/**
 * io: key 32 | tweak | message, worked on in place: the cipher by itself, for published vectors.
 * @param {number} rounds
 * @param {number} way
 * @param {number} tweak
 * @param {number} length
 * @returns {number}
 */
export function raw_adiantum(rounds, way, tweak, length) {
    const ret = wasm.raw_adiantum(rounds, way, tweak, length);
    return ret >>> 0;
}

/**
 * Takes memory for so many layer keys; before anything else, once.
 * @param {number} layer_keys
 */
export function reserve(layer_keys) {
    wasm.reserve(layer_keys);
}

/**
 * Where the ring begins.
 * @returns {number}
 */
export function ring_offset() {
    const ret = wasm.ring_offset();
    return ret >>> 0;
}

/**
 * Runs the first `count` jobs.
 * @param {number} count
 * @returns {number}
 */
export function run_jobs(count) {
    const ret = wasm.run_jobs(count);
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
        "./sotto_cell_bg.js": import0,
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
        module_or_path = new URL('sotto_cell_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
