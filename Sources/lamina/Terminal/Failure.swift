import Foundation

/// The work was finished, but some inputs were refused: exit code 3.
struct SomeRefused: Error, CustomStringConvertible {
  var description: String
}

/// A failure that only the command line can put into words.
struct Failure: Error, CustomStringConvertible {
  var description: String

  init(_ sentence: String) { description = sentence }
}

/// One sentence for any error: which file, what is wrong, what to do.
func sentence(_ error: any Error) -> String {
  if let described = error as? any CustomStringConvertible { return described.description }
  return error.localizedDescription
}
