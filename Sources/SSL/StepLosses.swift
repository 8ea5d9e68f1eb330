import NN
import Torch

/// What a step costs, term by term: scalars on their device while it is made, numbers once they are read.
public struct StepLosses<Scalar> {
  /// The sum that is minimised.
  public var loss: Scalar
  /// The contrast between slices, L_g; nil for a method without one.
  public var global: Scalar?
  /// The contrast between regions, L_l; nil without it.
  public var local: Scalar?
  /// The covariance penalty of the recipe's decorrelation; nil without it.
  public var decorrelation: Scalar?
  /// How often the positive is the most similar of all keys.
  public var topOne: Scalar?
  /// How often it is the most similar of the keys of its own batch; by chance 1/B. A `topOne` far above it
  /// means that the queue's keys are known by their age.
  public var batchTopOne: Scalar?
  /// How often `topOne` would be by chance.
  public var chance: Double?
  /// The length of the gradient, before it is shortened; nil before there is one.
  public var gradientNorm: Scalar?
  /// What only this method has: `dense`; `invariance`, `variance`, `covariance`; `reconstruction`.
  public var terms: [String: Scalar]?

  /// A sum without terms.
  init(_ loss: Scalar) { self.loss = loss }

  /// The same terms of other kind, one after the other, always in one order.
  func map<New, Failure>(
    _ change: (Scalar) throws(Failure) -> New
  ) throws(Failure) -> StepLosses<New> {
    func changed(_ scalar: Scalar?) throws(Failure) -> New? {
      if let scalar { try change(scalar) } else { nil }
    }
    var other = StepLosses<New>(try change(loss))
    (other.global, other.local) = (try changed(global), try changed(local))
    other.decorrelation = try changed(decorrelation)
    (other.topOne, other.batchTopOne) = (try changed(topOne), try changed(batchTopOne))
    other.chance = chance
    other.gradientNorm = try changed(gradientNorm)
    for (name, term) in (terms ?? [:]).sorted(by: { $0.key < $1.key }) {
      other.terms = other.terms ?? [:]
      other.terms?[name] = try change(term)
    }
    return other
  }
}

extension StepLosses: Sendable where Scalar: Sendable {}
extension StepLosses: Equatable where Scalar: Equatable {}
extension StepLosses: Encodable where Scalar: Encodable {}
extension StepLosses: Decodable where Scalar: Decodable {}

/// What a batch costs: the sum with derivatives, and its terms.
package typealias Cost = StepLosses<Tensor>

extension StepLosses<Tensor> {
  /// The numbers, read in one copy.
  package func read() throws -> StepLosses<Double> {
    var means = MeanLosses()
    means.add(self)
    return try means.read()
  }
}

/// The means of what steps cost, on their device until they are read.
struct MeanLosses {
  private var means = RunningMeans()
  /// Which terms there are.
  private var terms: Cost?

  mutating func add(_ cost: Cost) {
    var scalars: [Tensor] = []
    terms = cost.map { scalar in
      scalars.append(scalar)
      return scalar
    }
    means.add(scalars)
  }

  /// - Throws: ``PretrainError/diverged`` when the loss or a gradient of one of the steps was no number.
  func read() throws -> StepLosses<Double> {
    var numbers = try means.read().makeIterator()
    guard let losses = terms?.map({ _ in numbers.next() ?? .nan }) else { return StepLosses(0) }
    guard losses.loss.isFinite, losses.gradientNorm?.isFinite ?? true else {
      throw PretrainError.diverged
    }
    return losses
  }
}
