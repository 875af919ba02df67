//! Registration, in any order.

use catalog::Registration;
use model::{InsertTime, MAX_NAME_CHARS, Properties};

use crate::fixture::{Fixture, block, block_id, for_each_catalog, ids, process, stream};

#[tokio::test]
async fn the_first_registration_wins() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let first = catalog.register_process(&process(1)).await.unwrap();
        let Registration::New(process_time) = first else {
            panic!("{first:?}");
        };
        let mut other = process(1);
        other.exe = "another".to_owned();
        let again = catalog.register_process(&other).await.unwrap();
        assert_eq!(again, Registration::AlreadyKnown);
        assert_eq!(fixture.snapshot().await, process_time);

        let first = catalog.register_stream(&stream(1, 1, "log")).await.unwrap();
        let Registration::New(stream_time) = first else {
            panic!("{first:?}");
        };
        let again = catalog.register_stream(&stream(1, 1, "cpu")).await.unwrap();
        assert_eq!(again, Registration::AlreadyKnown);
        assert!(stream_time > process_time);

        fixture.commit(&[block(1, 1)]).await;
        let stored = &fixture.visible().await[0];
        assert_eq!(*stored.process.info, process(1));
        assert_eq!(stored.process.insert_time, process_time);
        assert_eq!(stored.stream.info, stream(1, 1, "log"));
        assert_eq!(stored.stream.insert_time, stream_time);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_registrations_at_once_one_is_new() {
    for_each_catalog(async |fixture: &Fixture| {
        let tasks = (0..8).map(|_| {
            let catalog = fixture.catalog.clone();
            tokio::spawn(async move {
                let process = catalog.register_process(&process(1)).await.unwrap();
                let stream = stream(1, 1, "log");
                (process, catalog.register_stream(&stream).await.unwrap())
            })
        });
        let (mut new_processes, mut new_streams) = (0, 0);
        for task in tasks.collect::<Vec<_>>() {
            let (process, stream) = task.await.unwrap();
            new_processes += usize::from(matches!(process, Registration::New(_)));
            new_streams += usize::from(matches!(stream, Registration::New(_)));
        }
        assert_eq!((new_processes, new_streams), (1, 1));
    })
    .await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    Process,
    Stream,
    Block,
}

#[tokio::test]
async fn every_order_of_arrival_ends_with_the_block_visible_once() {
    use Arrival::{Block, Process, Stream};
    let orders = [
        [Process, Stream, Block],
        [Process, Block, Stream],
        [Stream, Process, Block],
        [Stream, Block, Process],
        [Block, Process, Stream],
        [Block, Stream, Process],
    ];
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        for (number, order) in orders.into_iter().enumerate() {
            let number = number as u64;
            let visible_before = fixture.visible().await.len();
            let mut seen = InsertTime(0);
            for (step, arrival) in order.into_iter().enumerate() {
                assert_eq!(
                    fixture.visible().await.len(),
                    visible_before,
                    "{order:?} {step}"
                );
                seen = fixture.snapshot().await;
                match arrival {
                    Process => drop(catalog.register_process(&process(number)).await.unwrap()),
                    Stream => {
                        let stream = stream(number, number, "log");
                        catalog.register_stream(&stream).await.unwrap();
                    }
                    Block => {
                        assert_eq!(fixture.commit(&[block(number, number)]).await.new_blocks, 1);
                    }
                }
            }
            // A reader that has read up to `seen` finds the block by what came after.
            let visible = fixture.visible().await;
            let last = visible.last().unwrap();
            assert_eq!(last.info, block(number, number), "{order:?}");
            assert_eq!(last.insert_time, fixture.snapshot().await, "{order:?}");
            assert!(last.insert_time > seen);
            // Sent again, it stays where it is.
            assert_eq!(fixture.commit(&[block(number, number)]).await.new_blocks, 0);
            assert_eq!(fixture.visible().await, visible);
        }
    })
    .await;
}

#[tokio::test]
async fn a_registration_publishes_only_what_it_completes() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.register(1).await;
        catalog.register_process(&process(2)).await.unwrap();
        // Complete, without its stream, without both.
        let group = [block(1, 1), block(2, 2), block(3, 3)];
        assert_eq!(fixture.commit(&group).await.new_blocks, 3);
        assert_eq!(ids(&fixture.visible().await), [block_id(1)]);
        catalog.register_stream(&stream(3, 3, "log")).await.unwrap();
        assert_eq!(ids(&fixture.visible().await), [block_id(1)]);
        catalog.register_stream(&stream(2, 2, "log")).await.unwrap();
        assert_eq!(ids(&fixture.visible().await), [block_id(1), block_id(2)]);
        catalog.register_process(&process(3)).await.unwrap();
        assert_eq!(fixture.visible().await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn any_text_is_stored_and_long_names_are_cut() {
    let texts = [
        "",
        "plain",
        "é漢字🚀",
        "quote ' \" \\ % _",
        "line\nbreak\ttab\u{7f}",
        "\u{fffd}",
    ];
    for_each_catalog(async |fixture: &Fixture| {
        for (number, text) in texts.into_iter().enumerate() {
            let number = number as u64;
            let mut sent = process(number);
            sent.exe = text.to_owned();
            sent.distro = format!("{}{text}", "é".repeat(MAX_NAME_CHARS));
            sent.realname = format!("nul\0{text}");
            sent.parent_process_id = Some(process(99).process_id);
            sent.properties = Properties::from([(text.to_owned(), format!("\0{text}"))]);
            sent.tsc_frequency = i64::MIN;
            let mut sent_stream = stream(number, number, text);
            sent_stream.properties = sent.properties.clone();
            fixture.catalog.register_process(&sent).await.unwrap();
            fixture.catalog.register_stream(&sent_stream).await.unwrap();
            fixture.commit(&[block(number, number)]).await;

            let visible = fixture.visible().await;
            let stored = visible.last().unwrap();
            assert_eq!(stored.stream.info, sent_stream);
            sent.distro = "é".repeat(MAX_NAME_CHARS);
            sent.realname = format!("nul\u{fffd}{text}");
            assert_eq!(*stored.process.info, sent);
        }
    })
    .await;
}
