use std::convert::Infallible;
use std::time::Duration;

use futures::stream;

use super::*;

fn config() -> Config {
    Config {
        body_bytes_max: 1000,
        in_flight_bytes_max: 1500,
        ..Config::default()
    }
}

/// A body without a declared length.
fn open_ended(pieces: &[usize]) -> Body {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|length| Ok::<_, Infallible>(Bytes::from(vec![b'x'; *length])))
        .collect();
    Body::from_stream(stream::iter(pieces))
}

fn room_left(budget: &ByteBudget) -> usize {
    (0..=1500)
        .rev()
        .find(|bytes| budget.reserve(*bytes).is_ok())
        .unwrap()
}

#[tokio::test]
async fn bodies_are_accounted_to_the_byte_while_they_are_held() {
    let bodies = [
        (Body::empty(), 0),
        (Body::from(vec![b'x'; 1000]), 1000),
        (open_ended(&[]), 0),
        (open_ended(&[1]), 1),
        (open_ended(&[400, 300, 300]), 1000),
    ];
    let budget = ByteBudget::new(1500);
    for (body, expected) in bodies {
        let received = receive(body, &budget, &config()).await.unwrap();
        assert_eq!(received.bytes.len(), expected);
        assert_eq!(received.reservation.bytes(), expected);
        assert_eq!(room_left(&budget), 1500 - expected);
        drop(received);
        assert_eq!(room_left(&budget), 1500);
    }
}

#[tokio::test]
async fn too_much_is_refused_and_gives_everything_back() {
    let budget = ByteBudget::new(1500);
    let declared = receive(Body::from(vec![0; 1001]), &budget, &config()).await;
    assert!(matches!(declared, Err(Refusal::DeclaredTooLarge)));
    let open = receive(open_ended(&[1000, 1]), &budget, &config()).await;
    assert!(matches!(open, Err(Refusal::TooLarge)));
    assert_eq!(room_left(&budget), 1500);
}

#[tokio::test]
async fn a_full_budget_refuses_before_and_while_reading() {
    let budget = ByteBudget::new(1500);
    let taken = budget.reserve(600).unwrap();
    let declared = receive(Body::from(vec![0; 901]), &budget, &config()).await;
    assert!(matches!(declared, Err(Refusal::Busy)));
    let open = receive(open_ended(&[1]), &budget, &config()).await;
    assert!(matches!(open, Err(Refusal::Busy)));
    assert_eq!(room_left(&budget), 900);
    drop(taken);
    assert!(receive(open_ended(&[1]), &budget, &config()).await.is_ok());
}

#[tokio::test]
async fn growing_beyond_the_budget_is_refused() {
    let config = Config {
        body_bytes_max: 10 * FIRST_RESERVATION,
        ..Config::default()
    };
    let budget = ByteBudget::new(3 * FIRST_RESERVATION);
    let pieces = [FIRST_RESERVATION, FIRST_RESERVATION, FIRST_RESERVATION];
    let fits = receive(open_ended(&pieces[..2]), &budget, &config)
        .await
        .unwrap();
    assert_eq!(fits.reservation.bytes(), 2 * FIRST_RESERVATION);
    drop(fits);
    let refused = receive(open_ended(&pieces), &budget, &config).await;
    assert!(matches!(refused, Err(Refusal::Busy)));
    assert!(budget.reserve(3 * FIRST_RESERVATION).is_ok());
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_given_up() {
    let budget = ByteBudget::new(1500);
    for (body_idle_timeout, body_timeout) in [(1, 60_000), (60_000, 1)] {
        let config = Config {
            body_idle_timeout: Duration::from_millis(body_idle_timeout),
            body_timeout: Duration::from_millis(body_timeout),
            ..config()
        };
        let body = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let refused = receive(body, &budget, &config).await;
        assert!(matches!(refused, Err(Refusal::UploadTooSlow)));
        assert_eq!(room_left(&budget), 1500);
    }
}
