import Cohort
import Foundation
import Testing

@Suite struct PseudonymsTests {
  let pseudonyms = Pseudonyms(key: [UInt8](0..<32))

  /// Computed by Python's hmac: changing them would make every patient a stranger.
  @Test func namesStayTheSameFromVersionToVersion() {
    #expect(pseudonyms.patient("PAT-1") == "pbzba8h5e4k")
    #expect(pseudonyms.study("1.2.3") == "e3aq6wm7670")
    #expect(pseudonyms.series("1.2.3.4") == "s3cj47n7j52")
  }

  @Test func anotherKeyGivesOtherNames() {
    let other = Pseudonyms(key: [UInt8](1..<33))
    #expect(other.patient("PAT-1") != pseudonyms.patient("PAT-1"))
    #expect(other.fingerprint != pseudonyms.fingerprint)
  }

  @Test func volumesCarryTheirPatientAndFitAStoresNames() {
    let id = pseudonyms.volume("1.2.3.4", patient: "PAT-1")
    #expect(id.hasPrefix(pseudonyms.patient("PAT-1") + "-v"))
    #expect(id.utf8.count == 23)
    #expect(id.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
  }

  @Test func intervalsBetweenOnePatientsDatesStayTrue() throws {
    let first = try #require(pseudonyms.shifted(date: "20240131", patient: "A"))
    let second = try #require(pseudonyms.shifted(date: "20240301", patient: "A"))
    #expect(first != "20240131")
    #expect(days(first, second) == 30)  // a leap year
  }

  @Test func whatIsNoDateIsNotShifted() {
    for text in ["", "2024", "20241301", "20240100", "2024-01-01", "ABCDEFGH"] {
      #expect(pseudonyms.shifted(date: text, patient: "A") == nil)
    }
  }

  private func days(_ a: String, _ b: String) -> Int {
    let format = DateFormatter()
    (format.dateFormat, format.timeZone) = ("yyyyMMdd", TimeZone(secondsFromGMT: 0))
    format.locale = Locale(identifier: "en_US_POSIX")
    guard let from = format.date(from: a), let to = format.date(from: b) else { return -1 }
    return Int((to.timeIntervalSince(from) / 86_400).rounded())
  }
}
