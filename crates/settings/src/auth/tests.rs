use super::*;
use crate::Environment;

const KEYS: &str = r#"[{"name": "ci", "key": "k1"}]"#;
const OIDC: &str = r#"{"issuers": [{"issuer": "https://a.example", "audience": "x"}]}"#;

fn config(
    flags: &AuthArgs,
    door: Door,
    variables: &[(&str, &str)],
) -> Result<AuthSettings, String> {
    let environment = variables.iter().copied().collect::<Environment>();
    flags
        .config(&environment, door)
        .map_err(|problems| problems.to_string())
}

fn providers(door: Door, variables: &[(&str, &str)]) -> auth::Config {
    match config(&AuthArgs::default(), door, variables).unwrap() {
        AuthSettings::Providers(config) => *config,
        AuthSettings::Disabled => panic!("authentication is on"),
    }
}

fn disabled(insists: bool) -> AuthArgs {
    AuthArgs {
        disable_auth: true,
        allow_remote_unauthenticated: insists,
    }
}

#[test]
fn keys_tokens_both_or_a_refusal() {
    let both = [(MICROMEGAS_API_KEYS, KEYS), (MICROMEGAS_OIDC_CONFIG, OIDC)];
    for (variables, has_keys, has_oidc) in [
        (&both[..1], true, false),
        (&both[1..], false, true),
        (&both[..], true, true),
    ] {
        let found = providers(Door::Any, variables);
        assert_eq!(
            (found.api_keys.is_some(), found.oidc.is_some()),
            (has_keys, has_oidc)
        );
    }
    assert!(providers(Door::Any, &[(MICROMEGAS_API_KEYS, "[]")]).has_provider());
    let refused = config(&AuthArgs::default(), Door::Any, &[]).unwrap_err();
    for way_out in [
        MICROMEGAS_API_KEYS,
        MICROMEGAS_OIDC_CONFIG,
        "--disable-auth",
    ] {
        assert!(refused.contains(way_out), "{refused}");
    }
    // Administrators alone are no way in.
    assert!(
        config(
            &AuthArgs::default(),
            Door::Any,
            &[(MICROMEGAS_ADMINS, "[]")]
        )
        .is_err()
    );
}

#[test]
fn disabling_wins_over_providers() {
    let settings = config(&disabled(false), Door::Any, &[(MICROMEGAS_API_KEYS, KEYS)]);
    assert!(settings.unwrap().authenticator().is_disabled());
    let settings = config(
        &AuthArgs::default(),
        Door::Any,
        &[(MICROMEGAS_API_KEYS, KEYS)],
    );
    assert!(!settings.unwrap().authenticator().is_disabled());
}

#[test]
fn every_malformed_variable_is_named_with_place_and_reason() {
    let broken = [
        (MICROMEGAS_OIDC_CONFIG, "{\"issuers\": hunter2}"),
        (MICROMEGAS_ADMINS, "\"hunter2\""),
        (MICROMEGAS_ADMIN_API_KEYS, "[5]"),
    ];
    let refused = config(&AuthArgs::default(), Door::Any, &broken).unwrap_err();
    for expected in [
        "MICROMEGAS_OIDC_CONFIG is not valid JSON: expected value at line 1 column 13",
        "MICROMEGAS_ADMINS the value must be an array and is a string",
        "MICROMEGAS_ADMIN_API_KEYS entry 1 must be a string and is a number",
    ] {
        assert!(refused.contains(expected), "{refused}");
    }
    assert!(!refused.contains("hunter2"), "{refused}");
    let refused = config(
        &AuthArgs::default(),
        Door::Any,
        &[(MICROMEGAS_API_KEYS, "[{\"name\": \"a\", \"key\": \"\"}]")],
    );
    assert!(
        refused
            .unwrap_err()
            .contains("MICROMEGAS_API_KEYS entry 1, field \"key\", is empty")
    );
}

#[test]
fn keys_administer_only_when_they_are_named() {
    let admins = |text| {
        [
            (MICROMEGAS_API_KEYS, KEYS),
            (MICROMEGAS_ADMIN_API_KEYS, text),
        ]
    };
    assert!(providers(Door::Any, &admins("[\"ci\"]")).api_keys.is_some());
    let refused = config(&AuthArgs::default(), Door::Any, &admins("[\"other\"]")).unwrap_err();
    assert!(refused.contains("MICROMEGAS_ADMIN_API_KEYS: there is no API key named \"other\""));
}

#[test]
fn a_role_prefers_its_own_variables() {
    let none = "[]";
    let variables = [
        (MICROMEGAS_API_KEYS, none),
        (MICROMEGAS_INGESTION_API_KEYS, KEYS),
        (MICROMEGAS_OIDC_CONFIG, OIDC),
    ];
    let ingestion = providers(Door::Ingestion, &variables);
    assert_eq!(ingestion.api_keys.unwrap().len(), 1);
    assert!(ingestion.oidc.is_some());
    let analytics = providers(Door::Analytics, &variables);
    assert!(analytics.api_keys.unwrap().is_empty());
    // A server with one role does not look at the others' variables.
    let only_role = [(MICROMEGAS_INGESTION_API_KEYS, KEYS)];
    assert!(config(&AuthArgs::default(), Door::Any, &only_role).is_err());
    assert!(config(&AuthArgs::default(), Door::Analytics, &only_role).is_err());
}

#[test]
fn without_authentication_only_loopback_is_served() {
    let parse = |text: &str| text.parse::<SocketAddr>().unwrap();
    let everywhere = parse("0.0.0.0:50051");
    assert_eq!(
        disabled(false).default_listen(everywhere),
        parse("127.0.0.1:50051")
    );
    assert_eq!(disabled(true).default_listen(everywhere), everywhere);
    assert_eq!(AuthArgs::default().default_listen(everywhere), everywhere);

    for (address, is_local) in [
        ("127.0.0.1:1", true),
        ("127.8.0.1:1", true),
        ("[::1]:1", true),
        ("[::ffff:127.0.0.1]:1", true),
        ("0.0.0.0:2", false),
        ("[::]:2", false),
        ("10.0.0.1:2", false),
    ] {
        let checked = disabled(false).check_listen([parse(address)]);
        assert_eq!(checked.is_ok(), is_local, "{address}");
        if let Err(problems) = checked {
            assert!(
                problems
                    .to_string()
                    .contains("--allow-remote-unauthenticated")
            );
        }
        assert!(disabled(true).check_listen([parse(address)]).is_ok());
        assert!(AuthArgs::default().check_listen([parse(address)]).is_ok());
    }
}
