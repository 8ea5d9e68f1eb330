extension Stack {
  /// A name for each stack of a series, from as few traits as tell them all apart.
  static func parts(_ stacks: [Stack]) -> [String] {
    var names = [[String]](repeating: [], count: stacks.count)
    for trait in Trait.allCases where Set(names).count < stacks.count {
      let values = stacks.map { $0.traits[trait] ?? "" }
      let before = Set(names).count
      guard Set(zip(names, values).map { $0 + [$1] }).count > before else { continue }
      let ranks = Set(values).sorted { ($0.count, $0) < ($1.count, $1) }
      for index in stacks.indices {
        let rank = (ranks.firstIndex(of: values[index]) ?? 0) + 1
        names[index].append(name(trait, values[index], rank: rank))
      }
    }
    if Set(names).count < stacks.count {
      for index in stacks.indices { names[index].append("n\(index + 1)") }
    }
    return names.map { $0.joined(separator: "-") }
  }

  private static func name(_ trait: Trait, _ value: String, rank: Int) -> String {
    switch trait {
    case .seriesNumber: "s" + (value.isEmpty ? "0" : value)
    case .component: value.isEmpty ? "plain" : value
    case .echo: "e\(rank)"
    case .acquisition: "a" + (value.isEmpty ? "0" : value)
    case .orientation: "o\(rank)"
    case .timing: "r\(rank)"
    case .piece: "p" + (value.isEmpty ? "0" : value)
    case .stack: "t\(rank)"
    case .imageType: "i\(rank)"
    case .matrix: "m\(rank)"
    case .kernel: "k\(rank)"
    case .frameOfReference: "f\(rank)"
    case .study: "y\(rank)"
    }
  }
}
