import CTorch
import Glibc

/// Where in the program an operation was asked for; printed when it traps.
struct Site {
  let file: StaticString
  let line: UInt

  init(_ file: StaticString, _ line: UInt) {
    self.file = file
    self.line = line
  }
}

typealias CError = UnsafeMutablePointer<CTorchError>

/// Runs a function of the shim that gives a tensor; throws what it reports.
func throwing(_ body: (CError) -> OpaquePointer?) throws(TorchError) -> Tensor {
  var error = CTorchError(code: 0, message: nil)
  guard let handle = body(&error) else { throw takeError(&error) }
  return Tensor(handle: handle)
}

/// Runs a function of the shim that gives a status; throws what it reports.
func throwing(_ body: (CError) -> Int32) throws(TorchError) {
  var error = CTorchError(code: 0, message: nil)
  guard body(&error) == 0 else { throw takeError(&error) }
}

/// Runs a function of the shim that gives a tensor; a failure is a wrong program and traps.
func trapping(_ site: Site, _ body: (CError) -> OpaquePointer?) -> Tensor {
  var error = CTorchError(code: 0, message: nil)
  guard let handle = body(&error) else { trap(&error, site) }
  return Tensor(handle: handle)
}

/// Runs a function of the shim that gives a status; a failure is a wrong program and traps.
func trapping(_ site: Site, _ body: (CError) -> Int32) {
  var error = CTorchError(code: 0, message: nil)
  guard body(&error) == 0 else { trap(&error, site) }
}

/// Operators have no room for the caller's place; the backtrace shows it.
func trapping(
  operator name: StaticString, _ body: (CError) -> OpaquePointer?
) -> Tensor {
  var error = CTorchError(code: 0, message: nil)
  guard let handle = body(&error) else { fatalError("\(name): \(takeError(&error))") }
  return Tensor(handle: handle)
}

private func trap(_ error: inout CTorchError, _ site: Site) -> Never {
  fatalError("\(takeError(&error))", file: site.file, line: site.line)
}

private func takeError(_ error: inout CTorchError) -> TorchError {
  let sentence = error.message.map { String(cString: $0) } ?? "no memory for the message"
  free(error.message)
  error.message = nil
  return error.code == CTorchOutOfMemory ? .outOfMemory(sentence) : .refused(sentence)
}

extension [Int] {
  /// As the shim takes sizes.
  var wide: [Int64] { map(Int64.init) }
}

/// Both directions, as the shim takes strides and paddings.
func pair(_ value: Int) -> [Int64] { [Int64(value), Int64(value)] }

/// Traps with a reason unless a condition holds; in release builds too, where `precondition` keeps its reason to itself.
package func require(
  _ condition: @autoclosure () -> Bool, _ reason: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { fatalError(reason(), file: file, line: line) }
}
