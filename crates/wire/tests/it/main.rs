//! Parsing of recorded traffic and of hostile bytes.

mod captures;
mod hostile;
