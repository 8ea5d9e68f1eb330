import Foundation
import Loader
import Testing
import Zarr

/// Counts what is alive.
private final class Census: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var made = 0

  func count() { lock.withLock { made += 1 } }
}

@Suite struct PrefetchTests {
  @Test(arguments: [0, 1, 3, 8])
  func valuesComeInTheOrderOfTheirSteps(threads: Int) throws {
    let stream = try Prefetch(from: 5, threads: threads, bound: 4) { step in
      if step % 3 == 0 { Thread.sleep(forTimeInterval: 0.002) }
      return step * step
    }
    for step in 5..<60 {
      #expect(stream.step == step)
      #expect(try stream.next() == step * step)
    }
  }

  @Test func noMoreThanTheBoundAreEverInBeing() throws {
    let census = Census()
    let stream = try Prefetch(from: 0, threads: 6, bound: 3) { step in
      census.count()
      return step
    }
    for _ in 0..<40 { _ = try stream.next() }
    stream.cancel()
    #expect(stream.peak <= 3)
    #expect(census.made <= 43)
  }

  @Test func aStreamThatNobodyReadsEndsWithoutWaiting() throws {
    for _ in 0..<20 {
      let census = Census()
      do {
        let stream = try Prefetch(from: 0, threads: 3, bound: 2) { step in
          census.count()
          return step
        }
        #expect(stream.step == 0)
      }
      let made = census.made
      Thread.sleep(forTimeInterval: 0.001)
      #expect(census.made == made)
    }
  }

  @Test func aCancelledStreamSaysSo() throws {
    for threads in [0, 2] {
      let stream = try Prefetch(from: 0, threads: threads, bound: 2) { step in step }
      stream.cancel()
      stream.cancel()
      #expect(throws: LoaderError.cancelled) { try stream.next() }
    }
  }

  @Test func aFailureStaysAtItsStep() throws {
    for threads in [0, 2] {
      let stream = try Prefetch(from: 0, threads: threads, bound: 2) {
        (step: Int) throws(LoaderError) in
        if step == 2 { throw .badSlice(slice: 9, reason: "gone") }
        return step
      }
      #expect(try stream.next() == 0)
      #expect(try stream.next() == 1)
      for _ in 0..<3 {
        #expect(throws: LoaderError.badSlice(slice: 9, reason: "gone")) { try stream.next() }
      }
      #expect(stream.step == 2)
    }
  }

  @Test(arguments: [0, 2])
  func aThreadThatTheSystemRefusesIsAnErrorAndThoseBeforeItEnd(before: Int) {
    let census = Census()
    let start = { (body: @escaping @Sendable () -> Void) -> Int32 in
      guard census.made < before else { return startThread(stackBytes: 1 << 50, body) }
      census.count()
      return startThread(body)
    }
    #expect(throws: LoaderError.noThread(of: 3, reason: String(cString: strerror(EAGAIN)))) {
      try Prefetch(from: 0, threads: 3, bound: 2, start: start) { step in step }
    }
    #expect(census.made == before)
  }
}
