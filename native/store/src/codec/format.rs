/// How a recording's file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Erlang's external term format.
    Etf,
    /// The JSON text of the pure-Elixir backend.
    Json,
}
