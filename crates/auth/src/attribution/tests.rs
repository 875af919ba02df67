use http::HeaderValue;

use super::*;
use crate::Identity;

fn caller(method: AuthMethod, email: Option<&str>) -> Caller {
    Caller::new(Identity {
        subject: "subject".into(),
        email: email.map(str::to_owned),
        issuer: "issuer".into(),
        audience: None,
        expires_at: None,
        method,
        is_admin: false,
        allow_delegation: method == AuthMethod::ApiKey,
    })
}

fn oidc() -> Caller {
    caller(AuthMethod::Oidc, Some("s@example.com"))
}

/// `(id, email)` as sent.
fn attribute(
    caller: &Caller,
    id: Option<&str>,
    email: Option<&str>,
) -> Result<(String, String, Option<String>), &'static str> {
    let claimed = ClaimedUser {
        id: id.map(str::to_owned),
        email: email.map(str::to_owned),
        name: Some("Display".into()),
    };
    let attribution = Attribution::of(caller, claimed).map_err(|refused| refused.header)?;
    assert_eq!(attribution.name.as_deref(), Some("Display"));
    Ok((
        attribution.user,
        attribution.email,
        attribution.service_account,
    ))
}

fn user(
    id: &str,
    email: &str,
    service: Option<&str>,
) -> Result<(String, String, Option<String>), &'static str> {
    Ok((id.into(), email.into(), service.map(str::to_owned)))
}

#[test]
fn each_row_of_the_table() {
    let (ann, mail) = (Some("ann"), Some("ann@example.com"));
    let own = user("subject", "s@example.com", None);
    let (sub, own_mail) = (Some("subject"), Some("s@example.com"));
    let bare = caller(AuthMethod::Oidc, None);
    let key = caller(AuthMethod::ApiKey, None);
    let off = Caller::unauthenticated();
    let rows = [
        (oidc(), None, None, own.clone()),
        (oidc(), sub, own_mail, own.clone()),
        (oidc(), sub, None, own.clone()),
        (oidc(), None, own_mail, own),
        (oidc(), ann, None, Err("x-user-id")),
        (oidc(), own_mail, None, Err("x-user-id")),
        (oidc(), Some("Subject"), None, Err("x-user-id")),
        (oidc(), None, mail, Err("x-user-email")),
        (oidc(), sub, mail, Err("x-user-email")),
        (bare.clone(), None, None, user("subject", "unknown", None)),
        (bare, None, mail, Err("x-user-email")),
        (key.clone(), ann, mail, user("ann", "ann@example.com", sub)),
        (
            key.clone(),
            None,
            None,
            user("subject", "service-account", None),
        ),
        (key.clone(), ann, None, user("ann", "service-account", sub)),
        (key, None, mail, user("subject", "ann@example.com", sub)),
        (off.clone(), ann, mail, user("ann", "ann@example.com", None)),
        (off, None, None, user("unknown", "unknown", None)),
    ];
    for (number, (caller, id, email, expected)) in rows.into_iter().enumerate() {
        assert_eq!(attribute(&caller, id, email), expected, "row {number}");
    }
}

#[test]
fn the_refusal_starts_as_clients_know_it() {
    let claimed = ClaimedUser {
        id: Some("ann".into()),
        ..ClaimedUser::default()
    };
    let refused = Attribution::of(&oidc(), claimed).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("User impersonation not allowed")
    );
}

#[test]
fn claims_are_percent_encoded_utf8() {
    let check = |sent: &[u8], expected: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert("x-user-id", HeaderValue::from_bytes(sent).unwrap());
        assert_eq!(ClaimedUser::of_headers(&headers).id.as_deref(), expected);
    };
    check(b"ann", Some("ann"));
    check(b"Jos%C3%A9", Some("José"));
    check(b"100%", Some("100%"));
    check(b"%zz%4", Some("%zz%4"));
    // Not UTF-8 when decoded: kept as it came.
    check(b"a%FFb", Some("a%FFb"));
    check("Jos\u{e9}".as_bytes(), Some("Jos"));
    check("\u{e9}".as_bytes(), None);
    check(b"", None);
    check(b"a%0Ab", Some("ab"));
}
