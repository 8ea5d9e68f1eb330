import NN

/// Weights that are moved together, at one share of the learning rate.
struct WeightGroup {
  let optimizer: any Optimizer
  /// What their learning rate is of the schedule's.
  let factor: Double
  /// Steps over which they stand still.
  let frozen: Int
}

extension SegmentationNetwork {
  /// A group for each stage of the encoder that learns, shallow to deep, one for the decoder that was
  /// pretrained with it, and one for the rest.
  ///
  /// From scratch there is nothing to be careful with: every group learns alike.
  ///
  /// - Parameter pretrained: the names of what a pretraining brought.
  func groups(_ recipe: FinetuneRecipe, pretrained: Set<String>) -> [WeightGroup] {
    let (stages, head) = trainable
    let isPretrained = recipe.mode == .full
    let encoder = stages.enumerated().map { index, parameters in
      WeightGroup(
        optimizer: recipe.optimizer(of: parameters),
        factor: isPretrained ? recipe.factor(stage: index + 1, of: stages.count) : 1,
        frozen: isPretrained ? recipe.freezeSteps : 0)
    }
    let decoder = WeightGroup(
      optimizer: recipe.optimizer(of: head.filter { pretrained.contains($0.name) }),
      factor: recipe.encoderLrFactor, frozen: recipe.freezeSteps)
    let rest = WeightGroup(
      optimizer: recipe.optimizer(of: head.filter { !pretrained.contains($0.name) }), factor: 1,
      frozen: 0)
    return (encoder + [decoder, rest]).filter { !$0.optimizer.parameters.isEmpty }
  }
}

extension FinetuneRecipe {
  /// What the learning rate of stage 1…`count` of a pretrained encoder is of the schedule's.
  func factor(stage: Int, of count: Int) -> Double {
    (stage..<count).reduce(encoderLrFactor) { factor, _ in factor * layerDecay }
  }

  /// The schedule's learning rate at a step, of weights that stand still over the first `frozen`
  /// steps and then rise to it over `warmup` steps.
  func rate(step: Int, frozen: Int = 0) -> Double {
    guard step >= frozen else { return 0 }
    let warmUp = min(warmup, steps / 2)
    let rate =
      switch schedule {
      case .poly: polynomialRate(learningRate, step: step, of: steps, warmUp: warmUp)
      case .cosine: cosineRate(learningRate, step: step, of: steps, warmUp: warmUp)
      }
    guard frozen > 0, step - frozen < warmUp else { return rate }
    return rate * Double(step - frozen + 1) / Double(warmUp)
  }

  fileprivate func optimizer(of parameters: [Parameter]) -> any Optimizer {
    switch optimiser {
    case .adamw: AdamW(parameters, learningRate: learningRate, weightDecay: weightDecay)
    case .sgd:
      SGD(
        parameters, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
        nesterov: true)
    }
  }
}
