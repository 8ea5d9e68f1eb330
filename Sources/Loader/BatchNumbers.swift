import Synchronization

/// The numbers of a batch, in memory that its stream uses again when nobody holds them any more.
///
/// Fresh memory of a batch's size comes from the system page by page, each cleared first: that costs a
/// tenth of a pair's time. Read it as any collection; ``withUnsafeBufferPointer(_:)`` lends it whole.
public struct BatchNumbers<Number: BitwiseCopyable & Sendable>: RandomAccessCollection, Sendable {
  private let block: BatchMemory.Block
  /// How many numbers there are.
  public let count: Int

  /// Room for so many numbers, all of which must be written before they are read.
  init(_ count: Int, in memory: BatchMemory) {
    self.count = count
    block = memory.lend(count * MemoryLayout<Number>.stride)
  }

  /// The same numbers as a list, in memory of their own.
  public init(_ numbers: [Number]) {
    self.init(numbers.count, in: BatchMemory())
    _ = room(0..<count).update(fromContentsOf: numbers)
  }

  /// The first place, 0.
  public var startIndex: Int { 0 }
  /// How many numbers there are.
  public var endIndex: Int { count }
  /// The number at a place.
  public subscript(place: Int) -> Number { withUnsafeBufferPointer { $0[place] } }

  /// Lends the numbers for the time of the call.
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Number>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(block) {} }
    return try body(UnsafeBufferPointer(numbers))
  }

  /// The bytes behind the numbers, for the time of the call.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    defer { withExtendedLifetime(block) {} }
    return try body(UnsafeRawBufferPointer(numbers))
  }

  /// Some of the numbers, to be written by whoever makes the batch, before anybody else has it.
  func room(_ places: Range<Int>) -> UnsafeMutableBufferPointer<Number> {
    UnsafeMutableBufferPointer(rebasing: numbers[places])
  }

  private var numbers: UnsafeMutableBufferPointer<Number> {
    UnsafeMutableBufferPointer(
      start: block.bytes.baseAddress?.assumingMemoryBound(to: Number.self), count: count)
  }
}

extension BatchNumbers: Equatable where Number: Equatable {
  /// Whether all numbers are equal.
  public static func == (a: BatchNumbers, b: BatchNumbers) -> Bool { a.elementsEqual(b) }
}

/// The memory of a stream's batches. What is given back is lent again: never more than was out at once.
final class BatchMemory: Sendable {
  private let free = Mutex<[Piece]>([])

  /// Where some memory lies; it belongs to one holder at a time.
  private struct Piece: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
  }

  deinit { free.withLock { for piece in $0 { piece.bytes.deallocate() } } }

  /// Memory with nothing in particular in it.
  func lend(_ count: Int) -> Block {
    let known = free.withLock { free -> Piece? in
      // What came back last is the likeliest to be in a cache.
      free.lastIndex { $0.bytes.count == count }.map { free.remove(at: $0) }
    }
    let new = { Piece(bytes: .allocate(byteCount: count, alignment: 64)) }
    return Block((known ?? new()).bytes, of: self)
  }

  /// Memory that goes back with the last reference.
  final class Block: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let owner: BatchMemory

    fileprivate init(_ bytes: UnsafeMutableRawBufferPointer, of owner: BatchMemory) {
      (self.bytes, self.owner) = (bytes, owner)
    }

    deinit { owner.free.withLock { $0.append(Piece(bytes: bytes)) } }
  }
}
