import Loader
import NN
import Torch

/// A way to learn without labels: what two views of a batch cost, and what is kept between steps.
///
/// Data, encoder, optimiser, schedule, log, spectra and checkpoints are the same for all of them
/// (``pretrain(_:recipe:into:resume:recipeText:device:shouldStop:progress:)``). A method is one file that says the rest, and
/// a case of ``PretrainRecipe/Method-swift.enum``.
package protocol Objective {
  /// What learns by gradient: the encoder that is wanted, and in its store the method's heads.
  var backbone: Backbone { get }
  /// What moves it.
  var descent: Descent { get set }
  /// Whether batches must be gathered before anything can be learned.
  var isFilling: Bool { get }
  /// Takes in a batch while gathering; nothing is learned.
  mutating func fill(_ views: Views) throws
  /// What a batch costs.
  mutating func cost(_ views: Views) throws -> Cost
  /// What is done once the network has moved.
  mutating func stepped()
  /// Features of images, and what the method makes of them, in evaluation mode: what spectra look at.
  func embed(_ images: Tensor) throws -> (features: Features, projected: Tensor?)
  /// Tensors that the next step depends on besides the backbone's and the optimiser's, which a checkpoint keeps.
  var memory: [String: Tensor] { get }
  /// Numbers of the same kind.
  var counters: [String: Int] { get }
  /// Takes up numbers of a checkpoint, all of them there and none negative; false when they cannot be.
  mutating func restore(_ counters: [String: Int]) -> Bool
}

/// A method that keeps nothing.
extension Objective {
  package var isFilling: Bool { false }
  package mutating func fill(_ views: Views) throws {}
  package mutating func stepped() {}
  package var memory: [String: Tensor] { [:] }
  package var counters: [String: Int] { [:] }
  package mutating func restore(_ counters: [String: Int]) -> Bool { true }
}

extension Objective {
  /// The recipe with every automatic setting in numbers.
  package var recipe: PretrainRecipe { backbone.recipe }
  /// Steps of gradient that have been made.
  package var step: Int { descent.step }
  /// What moves the network.
  package var optimiser: any Optimizer { descent.optimiser }

  /// Takes in a batch while gathering.
  package mutating func fill(from batch: CropPairBatch) throws {
    try fill(Views(batch, recipe, device: backbone.store.device))
  }

  /// Learns from one batch of crop pairs and returns what it cost. Nothing is read: a GPU is only told what to do.
  package mutating func step(_ batch: CropPairBatch) throws -> Cost {
    var cost = try cost(Views(batch, recipe, device: backbone.store.device))
    cost.gradientNorm = descent.descend(cost.loss)
    stepped()
    return cost.map { $0.detached() }
  }
}

extension PretrainRecipe {
  /// The method of this recipe, which must be resolved (``resolved(slices:)``), with its first weights.
  package func objective(channels: Int, device: Device = .cpu) throws -> any Objective {
    switch method {
    case .moco: try MoCo(self, channels: channels, device: device)
    case .densecl: try DenseCL(self, channels: channels, device: device)
    case .vicreg: try VICReg(self, channels: channels, device: device)
    case .mae: try MaskedAutoencoder(self, channels: channels, device: device)
    }
  }
}

/// What moves a network down its loss, and how many steps it has made.
package struct Descent {
  /// The optimiser of the recipe.
  package let optimiser: any Optimizer
  /// Steps of gradient.
  package internal(set) var step = 0
  private let longest: Double

  /// Moves everything of the backbone's store that can be learned; heads must be there already.
  init(_ recipe: PretrainRecipe, _ store: ParameterStore) {
    optimiser = recipe.optimiser(of: store.trainable)
    longest = recipe.clip > 0 ? recipe.clip : .infinity
  }

  /// One step down; gives the length that the gradient had, a scalar.
  mutating func descend(_ loss: Tensor) -> Tensor {
    optimiser.clearGradients()
    loss.backward()
    let length = clipGradients(of: optimiser.parameters, to: longest)
    optimiser.step()
    step += 1
    return length
  }
}

extension PretrainRecipe {
  func optimiser(of parameters: [Parameter]) -> any Optimizer {
    switch optimiser {
    case .sgd:
      SGD(parameters, learningRate: lr, momentum: momentum, weightDecay: weightDecay)
    case .adamw: AdamW(parameters, learningRate: lr, weightDecay: weightDecay)
    }
  }

  /// The learning rate of a step: warm-up, then half a cosine.
  public func learningRate(step: Int) -> Double {
    cosineRate(lr, step: step, of: steps, warmUp: min(warmup, steps))
  }
}
