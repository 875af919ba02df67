//! As much of a browser as a login needs: cookies and forms.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response, Url};

/// Pages and redirects of one login.
const STEPS_MAX: usize = 20;

/// One visit to one origin; its cookies are for all paths there.
#[derive(Debug)]
pub(super) struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(http: reqwest::Client) -> Self {
        Self {
            http,
            cookies: BTreeMap::new(),
        }
    }

    /// Start at a page, sign in and consent where asked to, until the provider sends
    /// us to another origin. That address is the answer; it is not visited.
    pub async fn sign_in(&mut self, start: Url, user: &str) -> Result<Url> {
        let origin = start.origin();
        let mut answer = self.send(self.http.get(start)).await?;
        for _ in 0..STEPS_MAX {
            let request = match location(&answer)? {
                Some(target) if target.origin() != origin => return Ok(target),
                Some(target) => self.http.get(target),
                None => self.fill_in(answer, user).await?,
            };
            answer = self.send(request).await?;
        }
        bail!("the login did not end within {STEPS_MAX} steps")
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Response> {
        let cookies = self.cookies.iter();
        let cookies: Vec<String> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.header(COOKIE, cookies.join("; "));
        let answer = request.send().await.context("visiting the provider")?;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without a name")?;
            if value.is_empty() {
                self.cookies.remove(name); // how the provider deletes one
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// The request that sends the form of a page.
    async fn fill_in(&self, page: Response, user: &str) -> Result<RequestBuilder> {
        let (status, url) = (page.status(), page.url().clone());
        let html = page.text().await.context("reading a page")?;
        ensure!(
            status.is_success(),
            "the provider answered {status}: {html}"
        );
        let action = between(&html, r#"action=""#).context("a page without a form")?;
        let prompt = between(&html, r#"name="prompt" value=""#).context("an unknown form")?;
        let mut fields = vec![("prompt", prompt)];
        if prompt == "login" {
            fields.extend([("login", user), ("password", "any")]);
        }
        Ok(self.http.post(url.join(action)?).form(&fields))
    }
}

/// Where an answer redirects to.
fn location(answer: &Response) -> Result<Option<Url>> {
    let Some(location) = answer.headers().get(LOCATION) else {
        return Ok(None);
    };
    Ok(Some(answer.url().join(location.to_str()?)?))
}

/// The attribute value after `start`.
fn between<'a>(html: &'a str, start: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(start)?;
    Some(rest.split_once('"')?.0)
}
