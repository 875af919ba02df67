//! Which signing keys the provider has. It makes the keys itself.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

/// Names of the keys; RSA keys are numbered, and the newest one signs.
#[derive(Debug)]
pub(super) struct KeyNames {
    rsa: RangeInclusive<u32>,
}

impl KeyNames {
    pub fn new() -> Self {
        Self { rsa: 1..=1 }
    }

    pub fn rotate(&mut self) {
        self.rsa = *self.rsa.start()..=self.rsa.end() + 1;
    }

    pub fn retire(&mut self) {
        self.rsa = *self.rsa.end()..=*self.rsa.end();
    }

    /// The provider signs with the first key of an algorithm.
    pub fn to_json(&self) -> Value {
        let rsa = self.rsa.clone().rev();
        rsa.map(|number| json!({"kid": format!("rsa-{number}"), "alg": "RS256"}))
            .chain([
                json!({"kid": "ec-1", "alg": "ES256"}),
                json!({"kid": "ed-1", "alg": "EdDSA"}),
            ])
            .collect()
    }
}
