//! Waiting for a condition instead of sleeping for a guess.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const POLL: Duration = Duration::from_millis(20);

/// Ask `condition` again and again until it says yes; an error after `timeout`.
pub async fn wait_until<F>(timeout: Duration, mut condition: F) -> Result<()>
where
    F: AsyncFnMut() -> bool,
{
    let start = Instant::now();
    loop {
        if condition().await {
            return Ok(());
        }
        if start.elapsed() >= timeout {
            bail!("the condition did not hold within {timeout:?}");
        }
        tokio::time::sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waits_for_the_condition_and_gives_up_at_the_limit() {
        let mut asked = 0;
        wait_until(Duration::from_secs(30), async || {
            asked += 1;
            asked == 3
        })
        .await
        .unwrap();
        assert_eq!(asked, 3);
        assert!(wait_until(Duration::ZERO, async || false).await.is_err());
    }
}
