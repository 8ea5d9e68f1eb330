/// Keyed names that stand for patients, studies and series in a store.
///
/// A plain hash of a patient number is undone by trying all numbers; HMAC-SHA256 is not, without
/// the key. Equal identities get equal pseudonyms under one key, in any order, on any machine.
public struct Pseudonyms: Sendable {
  private let key: [UInt8]

  /// Pseudonyms under `key`, which should have 32 random bytes.
  public init(key: [UInt8]) { self.key = key }

  /// `p` and ten letters.
  public func patient(_ identity: String) -> String { "p" + name("patient", identity) }

  /// `e` (examination) and ten letters.
  public func study(_ identity: String) -> String { "e" + name("study", identity) }

  /// `s` and ten letters.
  public func series(_ identity: String) -> String { "s" + name("series", identity) }

  /// The identifier of a volume, also its file name when exported: the patient's pseudonym, a
  /// hyphen, `v` and ten letters.
  public func volume(_ identity: String, patient: String) -> String {
    self.patient(patient) + "-v" + name("volume", identity)
  }

  /// A keyed digest of a source, which says that two sources are the same and nothing else.
  public func digest(_ source: String) -> String { hexadecimal(code("source", source)) }

  /// Says which key this is without giving it away: eight letters.
  public var fingerprint: String { String(name("fingerprint", "").prefix(8)) }

  /// A DICOM date (`YYYYMMDD`) moved into the past by the patient's own number of days (1…3650),
  /// so that intervals between the dates of one patient stay true. Nil for text that is no date.
  public func shifted(date: String, patient: String) -> String? {
    guard let day = CivilDate(date) else { return nil }
    let bytes = code("date", patient)
    let offset = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } % 3650 + 1
    return CivilDate(days: day.days - offset).text
  }

  /// 50 bits in letters that file systems and people tell apart: among a million patients two get
  /// the same with a chance of 1 in 2,000.
  private func name(_ kind: String, _ identity: String) -> String {
    let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
    let bits = code(kind, identity).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return String((0..<10).map { letters[Int(bits >> (UInt64(59) - UInt64($0) * 5)) & 31] })
  }

  private func code(_ kind: String, _ identity: String) -> [UInt8] {
    hmacSHA256(key: key, Array(kind.utf8) + [0] + Array(identity.utf8))
  }
}

/// A day of the Gregorian calendar, as a count of days since 1970-01-01.
struct CivilDate: Equatable {
  let days: Int

  init(days: Int) { self.days = days }

  /// Reads `YYYYMMDD`.
  init?(_ text: String) {
    let digits = Array(text.utf8.prefix(8))
    guard text.utf8.count == 8, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    let numbers = digits.map { Int($0) - 48 }
    let year = numbers[0..<4].reduce(0) { $0 * 10 + $1 }
    let (month, day) = (numbers[4] * 10 + numbers[5], numbers[6] * 10 + numbers[7])
    guard year >= 1800, (1...12).contains(month), (1...31).contains(day) else { return nil }
    // Years begin in March, so that the leap day is a year's last.
    let shifted = month > 2 ? year : year - 1
    let (era, inEra) = (shifted / 400, shifted % 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    days = era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + dayOfYear - 719_468
  }

  /// `YYYYMMDD`
  var text: String {
    let z = days + 719_468
    let (era, inEra) = (z / 146_097, z % 146_097)
    let year = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
    let dayOfYear = inEra - (365 * year + year / 4 - year / 100)
    let m = (5 * dayOfYear + 2) / 153
    let (day, month) = (dayOfYear - (153 * m + 2) / 5 + 1, m < 10 ? m + 3 : m - 9)
    let full = year + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ number: Int, _ width: Int) -> String {
      String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
    }
    return padded(full, 4) + padded(month, 2) + padded(day, 2)
  }
}
