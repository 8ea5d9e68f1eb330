/// How large a connected part of a class must be to stay, in mm³: the same for all classes, or for each by its label.
///
/// Written as a number, or as `{1: 20, 3: 5.5}`, where classes that are not named keep all parts.
public enum MinimumVolume: Sendable, Equatable {
  /// For every class; 0 leaves all parts.
  case all(Double)
  /// By label.
  case byLabel([Int: Double])

  /// That of one class, mm³.
  public func callAsFunction(_ label: UInt16) -> Double {
    switch self {
    case .all(let volume): volume
    case .byLabel(let volumes): volumes[Int(label)] ?? 0
    }
  }

  /// Whether some part may go.
  var isActive: Bool { volumes.contains { $0 > 0 } }

  /// Whether these are volumes: finite, and not negative.
  public var isValid: Bool { volumes.allSatisfy { $0 >= 0 && $0.isFinite } }

  private var volumes: [Double] {
    switch self {
    case .all(let volume): [volume]
    case .byLabel(let volumes): Array(volumes.values)
    }
  }
}

extension MinimumVolume: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// One for every class.
  public init(floatLiteral volume: Double) { self = .all(volume) }
  /// One for every class.
  public init(integerLiteral volume: Int) { self = .all(Double(volume)) }
}

extension MinimumVolume: Codable {
  /// A number, or numbers by label.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let volume = try? container.decode(Double.self) {
      self = .all(volume)
    } else {
      self = .byLabel(try container.decode([Int: Double].self))
    }
  }

  /// A number, or numbers by label.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .all(let volume): try container.encode(volume)
    case .byLabel(let volumes): try container.encode(volumes)
    }
  }
}
