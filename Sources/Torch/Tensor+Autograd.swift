import CTorch

/// Derivatives by LibTorch's tape.
extension Tensor {
  /// Whether derivatives are kept for this tensor.
  public var requiresGradient: Bool { ctorch_requires_gradient(handle) != 0 }

  /// Switches derivatives of a tensor that no operation made; gives the tensor itself.
  @discardableResult
  public func requiringGradient(
    _ on: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_set_requires_gradient(handle, on ? 1 : 0, $0) }
    return self
  }

  /// The derivatives that `backward` has added up here; nil when there are none.
  public var gradient: Tensor? { ctorch_gradient(handle).map(Tensor.init(handle:)) }

  /// Forgets the derivatives that have been added up.
  public func clearGradient() { ctorch_clear_gradient(handle) }

  /// Adds the derivatives of this scalar to `gradient` of everything it depends on that requires it.
  public func backward(file: StaticString = #fileID, line: UInt = #line) {
    trapping(Site(file, line)) { ctorch_backward(handle, nil, $0) }
  }

  /// The derivatives of this scalar by some tensors, zeros where it does not depend on one; nothing is added up.
  public func gradients(
    of inputs: [Tensor], file: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    let handles = inputs.map(\.handle)
    var results = [OpaquePointer?](repeating: nil, count: inputs.count)
    withExtendedLifetime(inputs) {
      trapping(Site(file, line)) { error -> Int32 in
        results.withUnsafeMutableBufferPointer { out -> Int32 in
          guard let start = out.baseAddress else { return 0 }
          return ctorch_gradients(handle, handles, Int64(handles.count), start, error)
        }
      }
    }
    return results.map { Tensor(handle: $0!) }
  }

  /// The same elements, through which no derivative flows; a view.
  public func detached(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    trapping(Site(file, line)) { ctorch_detach(handle, $0) }
  }
}

/// Runs `body` without keeping what derivatives would need.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  let before = ctorch_set_gradients(0)
  defer { _ = ctorch_set_gradients(before) }
  return try body()
}

/// Runs `body` with convolutions and matrix products in a shorter type (mixed precision), on one kind of device.
///
/// Weights stay as they are. Tensors may come out in the shorter type.
public func withAutocast<Result>(
  _ dtype: DType = .bfloat16, on device: Device = .cpu, _ body: () throws -> Result
) rethrows -> Result {
  try withAutocast(code: dtype.code, on: device, body)
}

/// Runs `body` in the types that its tensors have, also inside `withAutocast`.
public func withoutAutocast<Result>(_ body: () throws -> Result) rethrows -> Result {
  try withAutocast(code: -1, on: .cpu) {
    try withAutocast(code: -1, on: .cuda(0), body)
  }
}

private func withAutocast<Result>(
  code: Int32, on device: Device, _ body: () throws -> Result
) rethrows -> Result {
  let before = ctorch_autocast(device.code)
  if before == code { return try body() }
  setAutocast(code, device)
  defer { setAutocast(before, device) }
  return try body()
}

private func setAutocast(_ code: Int32, _ device: Device) {
  trapping(Site(#fileID, #line)) { ctorch_set_autocast(device.code, code, $0) }
}
