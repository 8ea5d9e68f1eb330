import Models
import NN
import Torch

/// What only VICReg has; the weights are those of its paper.
public struct VICRegRecipe: Codable, Sendable, Equatable {
  /// Dimensions of the expander's layers (8192 in the paper, for ResNet-50 and batches of 2048).
  public var dimensions = 1024
  /// Weight of the distance between the views.
  public var invariance = 25.0
  /// Weight of what keeps every dimension's deviation above 1.
  public var variance = 25.0
  /// Weight of what keeps dimensions from lining up.
  public var covariance = 1.0

  /// The defaults.
  public init() {}
}

/// Variance, invariance, covariance (Bardes et al., *VICReg*, arXiv 2105.04906): two views are to have the same
/// embedding, and two terms over the batch alone keep that from being met by a constant. There is no queue, no key
/// encoder and no negative: both views pass one network, with derivatives.
package struct VICReg: Objective {
  package let backbone: Backbone
  package var descent: Descent
  private let expander: Expander

  /// The backbone with an expander on its pooled features; `recipe` must be resolved.
  package init(_ recipe: PretrainRecipe, channels: Int, device: Device = .cpu) throws {
    backbone = try Backbone(recipe, channels: channels, device: device)
    expander = Expander(
      backbone.store.root / "head", backbone.width, recipe.vicreg.dimensions)
    descent = Descent(recipe, backbone.store)
  }

  package func cost(_ views: Views) throws -> Cost {
    let a = expander(backbone(views.queries, .training).pooled, .training)  // B×D
    let b = expander(backbone(views.keys, .training).pooled, .training)  // B×D
    let (terms, weights) = (VICRegTerms(a, b), recipe.vicreg)
    var cost = Cost(
      terms.invariance * weights.invariance + terms.variance * weights.variance
        + terms.covariance * weights.covariance)
    cost.batchTopOne = retrieval(a, b)
    cost.terms = [
      "invariance": terms.invariance, "variance": terms.variance, "covariance": terms.covariance,
    ]
    return cost
  }

  package func embed(_ images: Tensor) throws -> (features: Features, projected: Tensor?) {
    let features = backbone(images, .evaluation)
    return (features, expander(features.pooled, .evaluation))
  }

  /// How often a slice's other view is the most like it of the batch, as the contrastive arms count it.
  private func retrieval(_ a: Tensor, _ b: Tensor) -> Tensor {
    withoutGradients {
      let (q, k) = (a.normalized(axis: 1), b.normalized(axis: 1))
      let own = Tensor.identity(q.shape[0], .bool, device: q.device)
      return topOne(contrastLogits(q, k, negatives: k, masked: own, temperature: 1))
    }
  }
}

/// The three terms of two batches of embeddings, B×D each (VICReg, eqs. 1 to 6).
public struct VICRegTerms {
  /// The mean squared distance of the two views, over batch and dimensions.
  public let invariance: Tensor
  /// mean_d max(0, 1 − √(Var_d + 10⁻⁴)), the mean of both views: 0 where every dimension spreads enough, nearly 1 for a
  /// constant.
  public let variance: Tensor
  /// Σ_{i≠j} C_ij² / D, the sum of both views.
  public let covariance: Tensor

  /// The terms of `a` and `b`; variances and covariances are divided by B − 1.
  public init(_ a: Tensor, _ b: Tensor) {
    invariance = (a - b).squared().mean()
    variance = (Self.hinge(a) + Self.hinge(b)) / 2
    covariance = covariancePenalty(a) + covariancePenalty(b)
  }

  private static func hinge(_ z: Tensor) -> Tensor {
    let count = Double(z.shape[0])
    let deviation = (z.variance(axis: 0) * (count / (count - 1)) + 1e-4).squareRoot()  // D
    return (1 - deviation).relu().mean()
  }
}

/// Linear, batch norm, ReLU twice and a linear layer without bias: B×I to B×D.
private struct Expander {
  private let layers: [Linear]
  private let norms: [BatchNorm2d]

  init(_ scope: Scope, _ input: Int, _ width: Int) {
    layers = [
      Linear(scope / 0, input, width), Linear(scope / 3, width, width),
      Linear(scope / 6, width, width, bias: false),
    ]
    norms = [BatchNorm2d(scope / 1, width), BatchNorm2d(scope / 4, width)]
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let first = norms[0](layers[0](x), mode).relu()
    return layers[2](norms[1](layers[1](first), mode).relu())
  }
}
