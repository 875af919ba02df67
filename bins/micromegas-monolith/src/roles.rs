//! Which roles this process plays.

use settings::variables::MICROMEGAS_MONOLITH_ROLES;
use settings::{Door, Environment, Problems};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Ingestion,
    FlightSql,
    Web,
    Maintenance,
}

const ALL: [(&str, Role); 4] = [
    ("ingestion", Role::Ingestion),
    ("flightsql", Role::FlightSql),
    ("web", Role::Web),
    ("maintenance", Role::Maintenance),
];

#[derive(Debug, Clone, Default, clap::Args)]
pub struct RolesArgs {
    /// Roles to play, separated by commas: ingestion, flightsql, web, maintenance, or
    /// all (the default)
    /// [env: MICROMEGAS_MONOLITH_ROLES]
    #[arg(long, value_name = "ROLES")]
    roles: Option<String>,
}

/// What this process does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl RolesArgs {
    pub fn config(&self, environment: &Environment) -> Result<Roles, Problems> {
        let variable = environment.text(MICROMEGAS_MONOLITH_ROLES)?;
        Roles::parse(self.roles.as_deref().or(variable).unwrap_or("all"))
    }
}

impl Roles {
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The doors that these roles have. The web role has none: it passes credentials on. Nor
    /// has maintenance, which serves nobody.
    pub fn doors(&self) -> Vec<Door> {
        let doors = [
            (Role::Ingestion, Door::Ingestion),
            (Role::FlightSql, Door::Analytics),
        ];
        let own = doors.into_iter().filter(|(role, _)| self.has(*role));
        own.map(|(_, door)| door).collect()
    }

    fn parse(text: &str) -> Result<Self, Problems> {
        let mut roles = Vec::new();
        for name in text.split(',').map(str::trim) {
            if name.eq_ignore_ascii_case("all") {
                roles.extend(ALL.map(|(_, role)| role));
                continue;
            }
            let known = ALL
                .into_iter()
                .find(|(known, _)| name.eq_ignore_ascii_case(known));
            let (_, role) = known.ok_or_else(|| {
                Problems::one(format!(
                    "'{name}' is not a role: --roles takes ingestion, flightsql, web, \
                     maintenance or all, separated by commas"
                ))
            })?;
            roles.push(role);
        }
        Ok(Self(roles))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_names_in_any_case() {
        let all = Roles::parse("all").expect("all is a name");
        assert!(ALL.into_iter().all(|(_, role)| all.has(role)));
        let some = Roles::parse("Web, INGESTION").expect("both are names");
        assert!(some.has(Role::Web) && some.has(Role::Ingestion) && !some.has(Role::FlightSql));
        for wrong in ["", "web,", "janitor", "web ingestion"] {
            assert!(Roles::parse(wrong).is_err(), "{wrong}");
        }
    }
}
