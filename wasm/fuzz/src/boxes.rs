//! Sealed boxes, and the handles behind which secrets lie.

use crate::input::Input;
use sotto_base::table::Table;
use sotto_core::aead::{open, seal};
use std::collections::HashMap;

/// What was sealed opens; what was changed does not, and is left as it is.
pub fn aead_open(data: &[u8]) {
    let mut input = Input::new(data);
    let (key, nonce) = ([input.byte(); 32], [input.byte(); 24]);
    let (aad_length, text_length) = (input.byte(), input.u16() % 2048);
    let aad = input.up_to(aad_length.into()).to_vec();
    let text = input.up_to(text_length).to_vec();
    let mut sealed = text.clone();
    let tag = seal(&key, &nonce, &aad, &mut sealed);
    let mut again = sealed.clone();
    assert!(open(&key, &nonce, &aad, &mut again, &tag) && again == text);
    let mut frame = [&tag[..], &sealed].concat();
    input.edit(&mut frame);
    let Some((changed_tag, changed)) = frame.split_first_chunk::<16>() else {
        return;
    };
    let mut worked = changed.to_vec();
    let opened = open(&key, &nonce, &aad, &mut worked, changed_tag);
    assert_eq!(opened, *changed_tag == tag && changed == sealed);
    assert!(opened || worked == changed);
}

/// A table with few places against a map: a freed handle never means another's entry.
pub fn handles(data: &[u8]) {
    let mut input = Input::new(data);
    let (mut table, mut model, mut given) = (Table::new(5), HashMap::new(), vec![0]);
    for value in 0_u32.. {
        if input.is_empty() {
            break;
        }
        let (op, choice) = (input.byte(), usize::from(input.byte()));
        let handle = if op & 0x80 == 0 {
            given[choice % given.len()]
        } else {
            input.u32()
        };
        match op % 3 {
            0 => match table.insert(value) {
                Some(handle) => {
                    assert!(handle != 0 && !model.contains_key(&handle) && model.len() < 5);
                    model.insert(handle, value);
                    given.push(handle);
                }
                None => assert_eq!(model.len(), 5),
            },
            1 => {
                table.free(handle);
                model.remove(&handle);
            }
            _ => assert_eq!(table.get(handle), model.get(&handle)),
        }
        assert_eq!((table.len(), table.room()), (model.len(), 5 - model.len()));
    }
}
