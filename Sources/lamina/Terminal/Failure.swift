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
  switch error {
  case let error as CocoaError: error.localizedDescription
  case is CancellationError: "Stopped; the same command starts again."
  default: "\(error)"
  }
}
