import Torch

/// What a batch costs: scalars, the sum with derivatives.
package struct Cost {
  /// The sum that is minimised.
  package var total: Tensor
  /// The contrast between slices, L_g.
  package var global: Tensor?
  /// The contrast between regions, L_l.
  package var local: Tensor?
  /// The covariance penalty of the recipe's decorrelation.
  package var decorrelation: Tensor?
  /// See ``StepLosses``.
  package var topOne: Tensor?
  package var batchTopOne: Tensor?
  package var chance: Double?
  /// Terms that only this method has, by name.
  package var terms: [String: Tensor] = [:]

  func read() throws -> StepLosses {
    StepLosses(
      total: try total.item(), global: try global?.item(), local: try local?.item(),
      decorrelation: try decorrelation?.item(), topOne: try topOne?.item(),
      batchTopOne: try batchTopOne?.item(), chance: chance,
      terms: terms.isEmpty ? nil : try terms.mapValues { try $0.item() })
  }
}

/// What a step cost.
public struct StepLosses: Codable, Sendable, Equatable {
  /// The sum that is minimised.
  public var total: Double
  /// The contrast between slices, L_g; nil for a method without one.
  public var global: Double?
  /// The contrast between regions, L_l; nil without it.
  public var local: Double?
  /// The covariance penalty; nil without it.
  public var decorrelation: Double?
  /// How often the positive is the most similar of all keys.
  public var topOne: Double?
  /// How often it is the most similar of the keys of its own batch.
  public var batchTopOne: Double?
  /// How often `topOne` would be by chance.
  public var chance: Double?
  /// What only this method has: `dense`; `invariance`, `variance`, `covariance`; `reconstruction`.
  public var terms: [String: Double]?

  /// The sum of two steps, term by term.
  static func + (a: StepLosses, b: StepLosses) -> StepLosses {
    func sum(_ a: Double?, _ b: Double?) -> Double? { a.map { $0 + (b ?? 0) } }
    return StepLosses(
      total: a.total + b.total, global: sum(a.global, b.global), local: sum(a.local, b.local),
      decorrelation: sum(a.decorrelation, b.decorrelation), topOne: sum(a.topOne, b.topOne),
      batchTopOne: sum(a.batchTopOne, b.batchTopOne), chance: a.chance,
      terms: a.terms?.merging(b.terms ?? [:], uniquingKeysWith: +))
  }
}
