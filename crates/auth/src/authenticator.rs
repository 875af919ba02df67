//! The providers of a service, tried in order.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::{Caller, Provider, Rejection, RequestView};

/// Decides who asks. Cheap to clone; one per door.
#[derive(Debug, Clone)]
pub struct Authenticator(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    Chain(Vec<Box<dyn Provider>>),
    Disabled(Caller),
}

impl Authenticator {
    /// The first provider that knows the caller wins. Without providers everybody is refused.
    pub fn chain(providers: Vec<Box<dyn Provider>>) -> Self {
        Self(Arc::new(Inner::Chain(providers)))
    }

    /// Everybody is let in, as one administrator with a fixed name. For development.
    pub fn disabled() -> Self {
        Self(Arc::new(Inner::Disabled(Caller::unauthenticated())))
    }

    pub fn is_disabled(&self) -> bool {
        matches!(&*self.0, Inner::Disabled(_))
    }

    /// # Errors
    /// No provider knows the caller. It is an outage if one of them could not tell.
    pub async fn authenticate(&self, request: &RequestView<'_>) -> Result<Caller, Rejection> {
        let providers = match &*self.0 {
            Inner::Disabled(caller) => return Ok(caller.clone()),
            Inner::Chain(providers) => providers,
        };
        let mut rejections = Vec::new();
        for provider in providers {
            match provider.authenticate(request).await {
                Ok(caller) => return Ok(caller),
                Err(rejection) => {
                    tracing::debug!(provider = provider.name(), %rejection, "not authenticated");
                    rejections.push((provider.name(), rejection));
                }
            }
        }
        Err(combined(&rejections))
    }
}

fn combined(rejections: &[(&'static str, Rejection)]) -> Rejection {
    let mut reason = String::new();
    for (name, rejection) in rejections {
        let separator = if reason.is_empty() { "" } else { "; " };
        let _ = write!(reason, "{separator}{name}: {rejection}");
    }
    if reason.is_empty() {
        reason.push_str("no provider is configured");
    }
    if rejections
        .iter()
        .any(|(_, rejection)| rejection.is_outage())
    {
        Rejection::unavailable(reason)
    } else {
        Rejection::refused(reason)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    /// A provider of a deployment's own: it looks at a header.
    #[derive(Debug)]
    struct ByHeader(&'static str);

    #[async_trait]
    impl Provider for ByHeader {
        fn name(&self) -> &'static str {
            self.0
        }

        async fn authenticate(&self, request: &RequestView<'_>) -> Result<Caller, Rejection> {
            let header = request.header("x-company");
            match header.and_then(|value| value.to_str().ok()) {
                Some(value) if value == self.0 => {
                    let mut identity = (*Caller::unauthenticated()).clone();
                    identity.subject = format!("{value} {:?}", request.path());
                    Ok(Caller::new(identity))
                }
                Some("down") => Err(Rejection::unavailable("no answer")),
                _ => Err(Rejection::refused("another company")),
            }
        }
    }

    async fn ask(providers: Vec<Box<dyn Provider>>, company: &str) -> Result<String, Rejection> {
        let request = http::Request::get("/path")
            .header("x-company", company)
            .body(())
            .unwrap();
        let authenticator = Authenticator::chain(providers);
        let view = RequestView::of_request(&request);
        let caller = authenticator.authenticate(&view).await;
        caller.map(|caller| caller.subject.clone())
    }

    #[tokio::test]
    async fn the_first_provider_that_knows_the_caller_wins() {
        let providers = || -> Vec<Box<dyn Provider>> {
            vec![Box::new(ByHeader("one")), Box::new(ByHeader("two"))]
        };
        assert_eq!(
            ask(providers(), "two").await.unwrap(),
            "two Some(\"/path\")"
        );
        let refused = ask(providers(), "three").await.unwrap_err();
        assert!(!refused.is_outage());
        assert_eq!(
            refused.to_string(),
            "one: another company; two: another company"
        );
        assert!(ask(providers(), "down").await.unwrap_err().is_outage());
    }

    #[tokio::test]
    async fn no_provider_lets_nobody_in() {
        let refused = ask(Vec::new(), "one").await.unwrap_err();
        assert!(!refused.is_outage());
    }

    #[tokio::test]
    async fn without_authentication_everybody_has_one_name() {
        let authenticator = Authenticator::disabled();
        let caller = authenticator
            .authenticate(&RequestView::of_token(""))
            .await
            .unwrap();
        assert!(caller.is_admin);
        assert_eq!(caller.subject, "unauthenticated");
    }
}
