//! Who asks: API keys and OpenID Connect in front of every service.
