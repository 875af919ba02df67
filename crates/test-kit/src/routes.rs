//! The routes of a router, for tests that must not forget one.

use std::fmt::Debug;

/// The paths of an axum router, from its `Debug` text: the router offers no other list.
pub fn route_paths(router: &impl Debug) -> Vec<String> {
    let text = format!("{router:?}");
    // What answers when no route fits follows under this name.
    let text = text.split("fallback_router:").next().unwrap_or("");
    let entries = text.split("RouteId(").skip(1).filter_map(|entry| {
        let rest = entry.trim_start_matches(|c: char| c.is_ascii_digit());
        let (path, _) = rest.strip_prefix("): \"")?.split_once('"')?;
        Some(path.to_owned())
    });
    let mut paths: Vec<String> = entries.collect();
    paths.sort();
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_the_debug_text() {
        let text = r#"Router { routes: {RouteId(1): MethodRouter { get: None }},
            node: Node { paths: {RouteId(1): "/a/{id}", RouteId(2): "/health"} },
            fallback_router: Node { paths: {RouteId(3): "/{*rest}"} } }"#;
        struct Text(&'static str);
        impl Debug for Text {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0)
            }
        }
        assert_eq!(route_paths(&Text(text)), ["/a/{id}", "/health"]);
    }
}
