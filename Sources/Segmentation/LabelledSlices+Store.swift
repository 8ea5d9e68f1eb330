import Foundation
import Loader
import Prepare
import SliceStore

extension LabelledSlices {
  /// All that a slice store knows of its slices, with the split recorded in it.
  public init(_ store: SliceStore) throws {
    let preparation = try json(store.attributes.recipe)
    self.init(
      source: store, volumes: store.volumes.map { $0.lead == 0 ? $0.id : "\($0.id).\($0.lead)" },
      training: store.split(.train),
      validation: store.split(.validation), labelNames: store.attributes.labelNames,
      preparation: preparation,
      modality: isWindowed(store, try recipe(of: preparation, path: store.path)) ? "CT" : "",
      digest: store.digest)
  }
}

/// Whether every volume was normalised by the recipe's window, as CT is.
private func isWindowed(_ store: SliceStore, _ recipe: PrepareRecipe) -> Bool {
  let bounds = recipe.intensity.window
  return store.volumes.allSatisfy { volume in
    volume.intensity.allSatisfy { [$0.lower, $0.upper] == bounds }
  }
}
