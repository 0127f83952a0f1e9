use parking_lot::Mutex;

/// Objects that are expensive to make and used by one thread at a time.
///
/// Unlike thread-local ones they go away with the store, and there are only as many as were ever
/// in use at once, however many threads a host has.
pub(crate) struct Pool<T> {
    idle: Mutex<Vec<T>>,
    make: Box<dyn Fn() -> T + Send + Sync>,
}

impl<T> Pool<T> {
    pub(crate) fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Pool {
            idle: Mutex::new(Vec::new()),
            make: Box::new(make),
        }
    }

    /// Lends an object to `work`. One whose borrower panicked is not reused.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = self.idle.lock().pop();
        let mut object = idle.unwrap_or_else(|| (self.make)());
        let result = work(&mut object);
        self.idle.lock().push(object);
        result
    }
}
