import Cohort
import Foundation
import Testing

@Suite struct LaterTests {
  @Test(arguments: [true, false])
  func aValueIsMadeOnce(_ isBeside: Bool) throws {
    let made = Locked(0)
    let later = Later(beside: isBeside) {
      made.change {
        $0 += 1
        return $0
      }
    }
    #expect((later.made == nil) == !isBeside)
    #expect(try later.value() == 1)
    #expect(try later.value() == 1)
    #expect(later.made == 1)
    #expect(made.value == 1)
  }

  @Test func whoeverLetsGoWaitsForWhatIsDoneBeside() {
    let (asked, isDone) = (DispatchSemaphore(value: 0), Locked(false))
    do {
      let later = Later(beside: true) {
        asked.wait()
        isDone.change { $0 = true }
      }
      asked.signal()
      withExtendedLifetime(later) {}
    }
    #expect(isDone.value)
  }
}
