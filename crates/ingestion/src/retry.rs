//! Repeating what the catalog calls a temporary failure.

use std::time::Duration;

use server_kit::ErrorChain;

/// A commit is tried this often; repeating is safe whether or not the earlier one took effect.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);

/// What a commit answered in the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed<T> {
    pub outcome: T,
    /// An earlier attempt failed, and may have taken effect all the same: an outcome without
    /// anything new can then mean that it did.
    pub was_repeated: bool,
}

pub(crate) async fn commit<T, F>(mut attempt: impl FnMut() -> F) -> catalog::Result<Committed<T>>
where
    F: Future<Output = catalog::Result<T>>,
{
    let mut number = 1;
    loop {
        match attempt().await {
            Ok(outcome) => {
                let was_repeated = number > 1;
                return Ok(Committed {
                    outcome,
                    was_repeated,
                });
            }
            Err(error) if error.is_retryable() && number < ATTEMPTS => {
                tracing::warn!(
                    error = %ErrorChain(&error),
                    attempt = number,
                    "a commit failed and will be repeated"
                );
                tokio::time::sleep(PAUSE * number).await;
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
