use super::Scope;

fn check(name: &str, file: &str, target: &str, line: u32, expected: u32) {
    let scope = Scope {
        name,
        file,
        target,
        line,
    };
    assert_eq!(scope.hash(), expected, "{scope:?}");
}

#[test]
fn hashes_are_those_of_the_published_examples() {
    check("work", "a.rs", "app", 7, 0x815c_44ff);
    check("main-1234", "", "", 0, 838_012_402);
}

#[test]
fn hashes_are_those_of_another_implementation() {
    check("", "", "", 0, 0x9e6f_8194);
    check("a", "f.rs", "t", 1, 0x160e_b655);
    check("b", "f.rs", "t", 1, 0xdb00_1511);
    check("a", "g.rs", "t", 1, 0x0713_68b9);
    check("a", "f.rs", "u", 1, 0x796e_08e0);
    check("a", "f.rs", "t", 2, 0x59df_768d);
    check(
        "a_function_with_a_long_name",
        "src/é漢字/🚀.rs",
        "target::of::some::length",
        u32::MAX,
        0xbc9c_63bc,
    );
}
