import SliceStore

/// Who trains and who tests.
public struct SplitRecipe: Codable, Sendable, Equatable {
  /// The share of patients that train; the three sum to 1.
  public var train = 0.7
  /// The share of validation.
  public var validation = 0.1
  /// The share of test.
  public var test = 0.2
  /// Another seed deals the patients out anew.
  public var seed: UInt64 = 0
  /// Patients whose pseudonym, or one of whose volumes', matches this regular expression validate;
  /// the shares are dealt among the rest.
  public var validationPattern: String?
  /// The same for test, which wins where both match.
  public var testPattern: String?

  /// The defaults.
  public init() {}

  func validate() throws(PrepareError) {
    let shares = [train, validation, test]
    guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }), abs(shares.reduce(0, +) - 1) < 1e-6 else {
      throw .badRecipe(key: "split", problem: "train, validation and test must sum to 1")
    }
    _ = try (regex(validationPattern, "validationPattern"), regex(testPattern, "testPattern"))
  }

  fileprivate func regex(
    _ pattern: String?, _ key: String
  ) throws(PrepareError) -> Regex<AnyRegexOutput>? {
    guard let pattern else { return nil }
    do { return try Regex(pattern) } catch {
      throw .badRecipe(key: "split.\(key)", problem: "\(pattern) is no regular expression")
    }
  }
}

/// Deals volumes out to training, validation and test: by patient, who never crosses parts, and
/// in the order of a seeded hash, so that it depends on nothing else.
public enum Split {
  /// What a volume must say of itself.
  public struct Member: Sendable, Equatable {
    /// Pseudonyms of the volume and its patient.
    public let volume, patient: String
    /// Whether there is a mask.
    public let labelled: Bool

    /// Makes a member.
    public init(volume: String, patient: String, labelled: Bool) {
      (self.volume, self.patient, self.labelled) = (volume, patient, labelled)
    }
  }

  /// The part of every member, in their order.
  ///
  /// Patients with a mask and those without are dealt separately, so that test and validation have
  /// masks where there are any: each gets at least one patient as soon as training keeps one.
  public static func assign(
    _ members: [Member], recipe: SplitRecipe
  ) throws(PrepareError) -> [SplitPart] {
    try recipe.validate()
    var parts = try matched(members, recipe)
    let labelled = Set(members.filter(\.labelled).map(\.patient))
    let free = Set(members.map(\.patient)).subtracting(parts.keys)
    for group in [free.intersection(labelled), free.subtracting(labelled)] {
      let ordered = order(Array(group), seed: recipe.seed)
      for (patient, part) in zip(ordered, deal(ordered.count, recipe)) { parts[patient] = part }
    }
    return members.map { parts[$0.patient] ?? .train }
  }

  /// The first `count` of `volumes` in the order that `seed` fixes: a smaller number's choice lies
  /// within a larger one's.
  public static func subset(_ volumes: [String], count: Int, seed: UInt64) -> [String] {
    Array(order(volumes, seed: seed ^ 0x5eed_0f_5e75).prefix(max(0, count)))
  }

  private static func matched(
    _ members: [Member], _ recipe: SplitRecipe
  ) throws(PrepareError) -> [String: SplitPart] {
    let rules: [(SplitPart, Regex<AnyRegexOutput>?)] = [
      (.validation, try recipe.regex(recipe.validationPattern, "validationPattern")),
      (.test, try recipe.regex(recipe.testPattern, "testPattern")),
    ]
    var parts = [String: SplitPart]()
    for case (let part, let pattern?) in rules {
      for member in members
      where [member.volume, member.patient].contains(where: { $0.firstMatch(of: pattern) != nil }) {
        parts[member.patient] = part
      }
    }
    return parts
  }

  /// Test first, then validation, then training: so many of each as the shares ask for, rounded.
  private static func deal(_ count: Int, _ recipe: SplitRecipe) -> [SplitPart] {
    func share(_ fraction: Double, of left: Int) -> Int {
      guard fraction > 0, left > 0 else { return 0 }
      let wanted = max(1, Int((fraction * Double(count)).rounded()))
      return min(wanted, recipe.train > 0 ? left - 1 : left)
    }
    let test = share(recipe.test, of: count)
    let validation = share(recipe.validation, of: count - test)
    return Array(repeating: .test, count: test)
      + Array(repeating: .validation, count: validation)
      + Array(repeating: .train, count: count - test - validation)
  }

  private static func order(_ names: [String], seed: UInt64) -> [String] {
    names.map { (hash($0, seed: seed), $0) }.sorted { $0 < $1 }.map(\.1)
  }

  /// FNV-1a over the seed and the name, then SplitMix64's finaliser: the same on every machine.
  static func hash(_ name: String, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for shift in stride(from: 0, to: 64, by: 8) {
      hash = (hash ^ (seed >> UInt64(shift) & 0xff)) &* 0x100_0000_01b3
    }
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    return hash ^ (hash >> 31)
  }
}
