/// Turns NIfTI files into volumes: the cases of data sets as they are described, then every other
/// file by itself.
struct NIfTIPlanning {
  let planner: Planner
  let summaries: [String: NIfTISummary]
  private let files: [FoundFile]
  private let byPath: [String: FoundFile]
  private var claimed: Set<String> = []
  private var labelFolders: [String] = []

  private(set) var plans: [PlannedVolume] = []
  /// Files in a data set's folders of labels that it does not list.
  private(set) var strayLabels = 0

  init(planner: Planner, summaries: [String: NIfTISummary], files: [FoundFile]) {
    (self.planner, self.summaries, self.files) = (planner, summaries, files)
    byPath = Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The cases of a data set. Those of which a file was refused are left out.
  mutating func take(_ dataset: Dataset) {
    labelFolders.append(dataset.folder + "/labels")
    for one in dataset.cases {
      claimed.formUnion(one.images)
      if let label = one.label { claimed.insert(label) }
      let images = one.images.compactMap { byPath[$0] }
      let headers = one.images.compactMap { summaries[$0] }
      guard images.count == one.images.count, headers.count == images.count else { continue }
      var plan = planner.plan(images, headers, fourthIsChannels: images.count == 1)
      (plan.modality, plan.channelNames) = (dataset.modality, dataset.channels)
      (plan.label, plan.labelNames) = (one.label, dataset.labelNames)
      plan.labelRegions = dataset.regions
      plans.append(plan)
    }
  }

  /// Every file that no data set has named.
  mutating func takeRest() {
    for file in files where !claimed.contains(file.path) {
      guard let summary = summaries[file.path] else { continue }
      // Matched to their images, as masks of a folder are.
      if BIDSName.isMask(file.path) || SegmentationsFolder.holds(file.path) { continue }
      let isStray = labelFolders.contains { file.path.hasPrefix($0) }
      if isStray || BIDSName.isDerived(file.path) {
        strayLabels += 1
      } else {
        plans.append(planner.plan([file], [summary]))
      }
    }
  }
}
