//! The wall clock behind insert times and leases.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use model::TimeNs;

/// Where the current time comes from; tests bring their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> TimeNs + Send + Sync>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self::new(|| {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
            let nanoseconds = since_epoch.map_or(0, |elapsed| elapsed.as_nanos());
            TimeNs::try_from(nanoseconds).unwrap_or(TimeNs::MAX)
        })
    }

    /// `now` returns nanoseconds since the Unix epoch.
    pub fn new(now: impl Fn() -> TimeNs + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub fn now(&self) -> TimeNs {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
