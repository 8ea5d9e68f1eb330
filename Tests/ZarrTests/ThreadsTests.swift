import Foundation
import Synchronization
import Testing
import Zarr

@Suite struct ThreadsTests {
  /// Starts so many threads; the system then refuses one with an impossible stack.
  static func starting(_ most: Int) -> ThreadStart {
    let begun = Mutex(0)
    return { group, body in
      let isLast = begun.withLock {
        $0 += 1
        return $0 > most
      }
      return startThread(in: group, stackBytes: isLast ? 1 << 50 : nil, body)
    }
  }

  @Test(arguments: [0, 1, 2, 7], [0, 1, 3, 100])
  func eachNumberIsDoneOnceOnHoweverManyThreads(count: Int, most: Int) {
    let done = Mutex([Int]())
    concurrently(count, start: Self.starting(most)) { number in
      usleep(200)
      done.withLock { $0.append(number) }
    }
    #expect(done.withLock { $0.sorted() } == Array(0..<count))
  }

  @Test func theNumbersAreDoneAtTheSameTime() {
    let here = Atomic(0)
    concurrently(3) { _ in
      here.add(1, ordering: .relaxed)
      while here.load(ordering: .relaxed) < 3 { usleep(100) }
    }
    #expect(here.load(ordering: .relaxed) == 3)
  }

  @Test func aRefusalIsAnErrorNumberAndLeavesTheGroupEmpty() {
    let group = DispatchGroup()
    #expect(startThread(in: group, stackBytes: 1 << 50) {} == EAGAIN)
    #expect(group.wait(timeout: .now()) == .success)
    let ended = Mutex(false)
    #expect(startThread(in: group) { ended.withLock { $0 = true } } == 0)
    group.wait()
    #expect(ended.withLock { $0 })
  }
}
