extension PretrainRecipe {
  /// The recipe with every automatic setting put into numbers, for a training split of so many slices.
  ///
  /// - Throws: ``PretrainError`` for settings that no run can have.
  public func resolved(slices: Int) throws(PretrainError) -> PretrainRecipe {
    try check()
    guard slices >= batch else { throw .tooFewSlices(slices: slices, batch: batch) }
    var recipe = self
    recipe.queue =
      hasQueue ? try KeyQueue.capacity(wanted: queue, slices: slices, batch: batch) : 0
    if keyMomentum == 0 { recipe.keyMomentum = slices < 20_000 ? 0.99 : 0.999 }
    // Without the batch's other keys as negatives, statistics of the whole batch tell the positive.
    let sharesStatistics = architecture == .unet && batchNegatives
    if keyNormGroups == 0 { recipe.keyNormGroups = sharesStatistics ? 1 : 4 }
    if lr == 0 { recipe.lr = optimiser == .sgd ? 0.03 * Double(batch) / 256 : 1e-3 }
    guard batch.isMultiple(of: recipe.keyNormGroups) else {
      throw .recipe(
        key: "keyNormGroups", problem: "a batch of \(batch) has no \(recipe.keyNormGroups) parts")
    }
    return recipe
  }

  /// Throws unless a network can be built and trained by it.
  func check() throws(PretrainError) {
    func want(
      _ holds: Bool, _ key: String, _ problem: String
    ) throws(PretrainError) {
      if !holds { throw .recipe(key: key, problem: problem) }
    }
    try want(batch > 1, "batch", "\(batch) slices leave nothing to contrast")
    try want(steps > 0, "steps", "\(steps) steps learn nothing")
    try want(temperature > 0, "temperature", "it must be above 0")
    try want(dimensions > 0, "dimensions", "it must be above 0")
    try want((0..<1).contains(keyMomentum), "keyMomentum", "it lies in 0..<1")
    try want(keyNormGroups >= 0, "keyNormGroups", "it is not negative")
    try want(window >= 0, "window", "a distance is not negative")
    try want(!features.isEmpty && features.allSatisfy { $0 > 0 }, "features", "no channels")
    try want(lr >= 0 && warmup >= 0, "lr", "neither rate nor warm-up is negative")
    try checkMethod(want)
    try checkDecorrelation(want)
  }

  private func checkMethod(
    _ want: (Bool, String, String) throws(PretrainError) -> Void
  ) throws(PretrainError) {
    try want(
      method == .moco || !local.enabled, "local.enabled", "\(method.rawValue) has no regions: false"
    )
    try want(
      hasQueue || decorrelation.place == .none || decorrelation.kind != .covariance,
      "decorrelation.kind", "\(method.rawValue) takes no penalty beside its own loss")
    try want(
      method != .mae || [.none, .lastNorm].contains(decorrelation.place), "decorrelation.place",
      "what a masked autoencoder paints from is not whitened: none or last-norm")
    try want((0...1).contains(dense.weight), "dense.weight", "it is a share, 0...1")
    try want(dense.grid > 0, "dense.grid", "it must be above 0")
    try want(vicreg.dimensions > 0, "vicreg.dimensions", "it must be above 0")
    try want(mae.width > 0, "mae.width", "it must be above 0")
    try want(
      method != .mae || mae.patch > 0 && crops.size.isMultiple(of: mae.patch), "mae.patch",
      "views of \(crops.size) pixels are no whole number of patches")
    try want(
      method != .mae || (1..<mae.patches(crops.size)).contains(mae.masked(crops.size)), "mae.share",
      "some patches must be masked and some be left")
  }

  private func checkDecorrelation(
    _ want: (Bool, String, String) throws(PretrainError) -> Void
  ) throws(PretrainError) {
    let part = decorrelation
    try want(part.width > 0, "decorrelation.width", "it must be above 0")
    try want((0...1).contains(part.shrinkage), "decorrelation.shrinkage", "it is a share, 0...1")
    try want((1...7).contains(part.iterations), "decorrelation.iterations", "it lies in 1...7")
    try want(
      part.place != .lastNorm || part.kind != .covariance, "decorrelation.kind",
      "a penalty takes no norm's place; use tail or pooled")
  }
}
