//! Handles for what must stay in linear memory. Freed entries are dropped (and so erased) at once; a freed handle never
//! comes to mean its successor, because each use of a place has a number of its own.
//!
//! ```text
//! handle u32 = use 15 bits, never 0 | place 17 bits
//! ```

const PLACE_BITS: u32 = 17;
const PLACE_MASK: u32 = (1 << PLACE_BITS) - 1;
const USE_LIMIT: u32 = 1 << (32 - PLACE_BITS);
/// No table is larger.
pub const LARGEST: usize = 1 << PLACE_BITS;

struct Place<T> {
    use_number: u32,
    value: Option<T>,
}

pub struct Table<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
    capacity: usize,
}

impl<T> Table<T> {
    /// Grows up to `capacity` entries, at most `LARGEST`.
    pub const fn new(capacity: usize) -> Self {
        assert!(capacity <= LARGEST);
        Self {
            places: Vec::new(),
            free: Vec::new(),
            capacity,
        }
    }

    /// Takes memory for `capacity` entries, at most `LARGEST`, once and for all: no entry moves from then on, and none needs
    /// more. Only what is used is ever touched. Nothing happens when there is some already.
    pub fn reserve(&mut self, capacity: usize) {
        if self.places.capacity() == 0 {
            self.capacity = capacity.min(LARGEST);
            self.places.reserve_exact(self.capacity);
            self.free.reserve_exact(self.capacity);
        }
    }

    /// None when the table is full.
    pub fn insert(&mut self, value: T) -> Option<u32> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.places.len() < self.capacity => {
                self.places.push(Place {
                    use_number: 0,
                    value: None,
                });
                self.places.len() as u32 - 1
            }
            None => return None,
        };
        let place = &mut self.places[index as usize];
        place.use_number = place.use_number % (USE_LIMIT - 1) + 1;
        place.value = Some(value);
        Some((place.use_number << PLACE_BITS) | index)
    }

    #[inline]
    pub fn get(&self, handle: u32) -> Option<&T> {
        let place = self.places.get((handle & PLACE_MASK) as usize)?;
        if place.use_number == handle >> PLACE_BITS {
            place.value.as_ref()
        } else {
            None
        }
    }

    /// Erases the entry. Nothing happens when it is gone already.
    pub fn free(&mut self, handle: u32) {
        let index = handle & PLACE_MASK;
        let Some(place) = self.places.get_mut(index as usize) else {
            return;
        };
        if place.use_number == handle >> PLACE_BITS && place.value.is_some() {
            // Dropped, and so erased, where it lies: taken out it would leave its bytes behind.
            place.value = None;
            self.free.push(index);
        }
    }

    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn room(&self) -> usize {
        self.capacity - self.len()
    }
}
