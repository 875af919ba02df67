use super::*;

const FRAME: Span<'_> = Span {
    begin: 0,
    end: 1,
    name: "frame",
    target: "game",
    file: "main.rs",
    line: 7,
};

fn ids(name: u64, category: u64, location: u64) -> Ids {
    Ids {
        name,
        category,
        location,
    }
}

#[test]
fn each_kind_of_text_has_ids_of_its_own() {
    let mut interning = Interning::default();
    let (found, defined) = interning.intern(&FRAME);
    assert_eq!(found, ids(1, 1, 1));
    let expected = InternedData {
        event_categories: vec![EventCategory {
            iid: Some(1),
            name: Some("game".to_owned()),
        }],
        event_names: vec![EventName {
            iid: Some(1),
            name: Some("frame".to_owned()),
        }],
        source_locations: vec![SourceLocation {
            iid: Some(1),
            file_name: Some("main.rs".to_owned()),
            line_number: Some(7),
        }],
    };
    assert_eq!(defined, expected);
    let again = (ids(1, 1, 1), InternedData::default());
    assert_eq!(interning.intern(&FRAME), again);
    for (span, expected) in [
        (Span { line: 8, ..FRAME }, ids(1, 1, 2)),
        (Span { name: "", ..FRAME }, ids(2, 1, 1)),
        (Span { file: "", ..FRAME }, ids(1, 1, 3)),
        (
            Span {
                target: "frame",
                ..FRAME
            },
            ids(1, 2, 1),
        ),
    ] {
        assert_eq!(interning.intern(&span).0, expected, "{span:?}");
        let again = (expected, InternedData::default());
        assert_eq!(interning.intern(&span), again, "{span:?}");
    }
}

/// How many spans it takes to fill the tables, with a text of a thousand bytes in each.
fn capacity(span: for<'a> fn(&'a str, u32) -> Span<'a>) -> u32 {
    let mut interning = Interning::default();
    let full = (1..).find(|number| {
        interning.intern(&span(&format!("{number:1000}"), *number));
        interning.is_full()
    });
    interning.clear();
    assert_eq!(interning.memory_bytes(), 0);
    assert_eq!(interning.intern(&FRAME).0, ids(1, 1, 1));
    full.expect("there is a bound")
}

#[test]
fn new_texts_of_every_kind_fill_it() {
    let text = u32::try_from(BYTES_MAX / (1000 + ENTRY_BYTES)).unwrap();
    let number = u32::try_from(BYTES_MAX / ENTRY_BYTES).unwrap();
    let name = capacity(|name, _| Span { name, ..FRAME });
    let target = capacity(|target, _| Span { target, ..FRAME });
    let file = capacity(|file, _| Span { file, ..FRAME });
    let line = capacity(|_, line| Span { line, ..FRAME });
    for (found, expected) in [(name, text), (target, text), (file, text), (line, number)] {
        assert!(
            found.abs_diff(expected) * 10 < expected,
            "{found} {expected}"
        );
    }
}
