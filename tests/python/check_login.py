"""Log in with what the published clients offer, and see who is let in.

The settings are JSON in the variable CHECK_LOGIN.
"""

import json
import os
import tempfile

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi
import pyarrow.flight as flight
from micromegas.auth import OidcAuthProvider, OidcClientCredentialsProvider
from micromegas.flightsql.client import FlightSQLClient

SETTINGS = json.loads(os.environ["CHECK_LOGIN"])
URL = SETTINGS["flight_url"]


def check_accepted(client: FlightSQLClient) -> None:
    assert client.query("SELECT 1 AS one")["one"].tolist() == [1]
    statement = client.prepare_statement("SELECT 1 AS one")
    assert statement.dataset_schema.names == ["one"]


def check_refused(client: FlightSQLClient) -> None:
    for ask in (client.query, client.prepare_statement):
        try:
            ask("SELECT 1")
        except flight.FlightUnauthenticatedError as error:
            assert "invalid token" in str(error), error
        else:
            raise AssertionError("the server let a stranger in")


def user_token_file() -> str:
    """As `login` leaves it behind."""
    path = os.path.join(tempfile.mkdtemp(), "tokens.json")
    token = {"id_token": SETTINGS["id_token"], "refresh_token": SETTINGS["refresh_token"]}
    token |= {"access_token": "opaque", "token_type": "Bearer"}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"issuer": SETTINGS["issuer"], "client_id": "web", "token": token}, file)
    return path


def check_adbc() -> None:
    header = adbc_driver_flightsql.DatabaseOptions.AUTHORIZATION_HEADER.value
    options = {header: f"Bearer {SETTINGS['id_token']}"}
    with adbc_driver_flightsql.dbapi.connect(URL, db_kwargs=options) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchall() == [(1,)]


def main() -> None:
    # An ID token with less than five minutes left is refreshed first.
    user = OidcAuthProvider.from_file(user_token_file(), client_secret=SETTINGS["web_secret"])
    check_accepted(FlightSQLClient(URL, auth_provider=user))
    service = OidcClientCredentialsProvider(
        SETTINGS["issuer"], "service", SETTINGS["service_secret"]
    )
    check_accepted(FlightSQLClient(URL, auth_provider=service))
    key = {"authorization": f"Bearer {SETTINGS['api_key']}"}
    check_accepted(FlightSQLClient(URL, headers=key))
    check_adbc()
    check_refused(FlightSQLClient(URL))
    check_refused(FlightSQLClient(URL, headers={"authorization": "Bearer wrong"}))


main()
