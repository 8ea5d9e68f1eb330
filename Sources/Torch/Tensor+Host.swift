import CTorch

/// To and from host memory, types, devices, memory formats.
extension Tensor {
  /// A tensor with these elements, the last axis fastest. Traps when their number is not the shape's.
  public init<Element: TensorElement>(
    _ elements: [Element], _ shape: [Int], device: Device = .cpu
  ) throws(TorchError) {
    let made = elements.withUnsafeBytes { bytes in
      Result { () throws(TorchError) in try Tensor(bytes: bytes, shape, Element.dtype) }
    }
    self = try made.get().to(device)
  }

  /// A tensor with a copy of these elements, the last axis fastest. Traps when their number is not the shape's.
  public init<Element: TensorElement>(
    copying elements: UnsafeBufferPointer<Element>, _ shape: [Int], device: Device = .cpu
  ) throws(TorchError) {
    self = try Tensor(bytes: UnsafeRawBufferPointer(elements), shape, Element.dtype).to(device)
  }

  /// A tensor on the CPU with a copy of these bytes, little endian, the last axis fastest. Traps when there are not
  /// as many as shape and type need.
  public init(
    bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType
  ) throws(TorchError) {
    require(
      bytes.count == shape.reduce(dtype.size, *),
      "\(bytes.count) bytes for a tensor \(dtype) \(shape)")
    self = try throwing {
      ctorch_from_host(bytes.baseAddress, shape.wide, Int64(shape.count), dtype.code, $0)
    }
  }

  /// The elements, the last axis fastest, converted where the tensor holds another type.
  public func array<Element: TensorElement>(
    of type: Element.Type = Element.self
  ) throws(TorchError) -> [Element] {
    let source = to(Element.dtype)
    var failure: TorchError?
    let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(TorchError) {
        try source.copyBytes(into: UnsafeMutableRawBufferPointer(buffer))
        initialized = buffer.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return elements
  }

  /// The elements as `Float`, the last axis fastest.
  public func floats() throws(TorchError) -> [Float] { try array(of: Float.self) }

  /// The only element. Traps when there are more.
  public func item(file: StaticString = #fileID, line: UInt = #line) throws(TorchError) -> Double {
    require(count == 1, "item() of a tensor \(self)", file: file, line: line)
    return try array(of: Double.self)[0]
  }

  /// Copies the elements, converted to the buffer's type, into host memory of exactly their number.
  public func copy<Element: TensorElement>(
    into buffer: UnsafeMutableBufferPointer<Element>
  ) throws(TorchError) {
    try to(Element.dtype).copyBytes(into: UnsafeMutableRawBufferPointer(buffer))
  }

  /// Copies the elements as they are, little endian, the last axis fastest, into memory of exactly their bytes.
  package func copyBytes(into buffer: UnsafeMutableRawBufferPointer) throws(TorchError) {
    HostReads.happened()
    try throwing { ctorch_to_host(handle, buffer.baseAddress, Int64(buffer.count), $0) }
  }

  /// The tensor on a device, itself where it is there already. Throws when the device is not there or has no memory.
  ///
  /// To a GPU it goes from pinned memory, which LibTorch keeps until it is there, and nobody waits; back from one
  /// the host waits until all that was asked for before is done.
  public func to(_ device: Device) throws(TorchError) -> Tensor {
    if device == self.device { return self }
    if self.device == .cpu { return try throwing { ctorch_send(handle, device.code, $0) } }
    if device == .cpu { HostReads.happened() }
    let keep = Int32(CTorchKeep)
    return try throwing { ctorch_convert(handle, keep, device.code, keep, $0) }
  }

  /// The tensor with elements of another type, itself where they are that already.
  public func to(
    _ dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    if dtype == self.dtype { return self }
    let keep = Int32(CTorchKeep)
    return trapping(Site(file, line)) { ctorch_convert(handle, dtype.code, keep, keep, $0) }
  }

  /// The tensor with its elements in this order in memory, itself where they are already.
  public func contiguous(
    _ format: MemoryFormat = .contiguous, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let keep = Int32(CTorchKeep)
    return trapping(Site(file, line)) { ctorch_convert(handle, keep, keep, format.code, $0) }
  }

  /// A tensor of its own with the same elements in the same memory format.
  public func clone(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    trapping(Site(file, line)) { ctorch_clone(handle, $0) }
  }
}
