extension DICOMSeries {
  /// Sorts headers into volumes: by series UID, split by what cannot share a volume, each stack
  /// ordered along its normal. The result is the same for any order of `headers`.
  public static func group(_ headers: [DICOMHeader], policy: Policy = Policy()) -> DICOMGrouping {
    var grouping = DICOMGrouping()
    let sorted = headers.map(Stack.File.init).sorted {
      ($0.header.identity.sopInstanceUID ?? "", $0.header.path)
        < ($1.header.identity.sopInstanceUID ?? "", $1.header.path)
    }
    grouping.nonImages = sorted.filter { $0.header.nonImage != nil }.map(\.header)
    let fit = fit(sorted.filter { $0.header.nonImage == nil }, policy, &grouping.refused)
      .filter { taken($0.header, policy.color, &grouping.refused) }
    let images = withoutDuplicates(fit, &grouping.notes)
    for (uid, members) in bySeries(images, &grouping.refused) {
      let stacks = Stack.split(members)
      let solved = stacks.flatMap { $0.solved(policy: policy, seriesUID: uid, &grouping.notes) }
      let parts = Stack.parts(solved.map(\.stack))
      for ((stack, result), part) in zip(solved, parts) {
        switch result {
        case .success(let geometry):
          var series = stack.series(uid: uid, part: part, geometry, policy: policy)
          if let error = series.setColor(policy.color) {
            grouping.refused.append(DICOMRefusal(seriesUID: uid, paths: stack.paths, error: error))
          } else {
            grouping.series.append(series)
          }
        case .failure(let error):
          grouping.refused.append(
            DICOMRefusal(seriesUID: uid, paths: stack.paths, error: error))
        }
      }
    }
    return grouping
  }

  /// Leaves out pictures that may show whose they are, unless they are allowed.
  private static func fit(
    _ files: [Stack.File], _ policy: Policy, _ refused: inout [DICOMRefusal]
  ) -> [Stack.File] {
    guard !policy.burnedIn else { return files }
    for risk in BurnedInRisk.allCases {
      let risky = files.filter { $0.header.burnedIn == risk }
      let series = Dictionary(grouping: risky) { $0.header.identity.seriesInstanceUID ?? "" }
      for (uid, members) in series.sorted(by: { $0.key < $1.key }) {
        refused.append(
          DICOMRefusal(
            seriesUID: uid, paths: members.map { $0.header.path }.sorted(),
            error: .burnedIn(seriesUID: uid, reason: risk.words)))
      }
    }
    return files.filter { $0.header.burnedIn == nil }
  }

  /// Files whose SOP Instance UID and places have been seen already are copies, unless their pixels
  /// differ though encoded alike: a UID that was given twice hides no image.
  private static func withoutDuplicates(
    _ files: [Stack.File], _ notes: inout [DICOMNote]
  ) -> [Stack.File] {
    var kept: [Stack.File] = []
    var start = 0  // of the run of equal UIDs in `kept`
    for file in files {
      let instance = file.header.identity.sopInstanceUID
      if kept.last?.header.identity.sopInstanceUID != instance { start = kept.count }
      if instance != nil && kept[start...].contains(where: { $0.header.isCopy(of: file.header) }) {
        notes.append(
          DICOMNote(path: file.header.path, text: "a copy with the same SOP Instance UID"))
      } else {
        kept.append(file)
      }
    }
    return kept
  }

  private static func bySeries(
    _ files: [Stack.File], _ refused: inout [DICOMRefusal]
  ) -> [(uid: String, members: [Stack.File])] {
    var series: [String: [Stack.File]] = [:]
    for file in files {
      if let uid = file.header.identity.seriesInstanceUID {
        series[uid, default: []].append(file)
      } else {
        refused.append(
          DICOMRefusal(
            seriesUID: "", paths: [file.header.path],
            error: .malformed(
              path: file.header.path,
              reason: "no SeriesInstanceUID, nor a FrameOfReferenceUID to go by")))
      }
    }
    return series.keys.sorted().map { ($0, series[$0] ?? []) }
  }
}

extension DICOMHeader {
  /// Whether a header with the same SOP Instance UID is of the same image.
  fileprivate func isCopy(of other: DICOMHeader) -> Bool {
    planes == other.planes && pixels == other.pixels && seriesNumber == other.seriesNumber
      && (pixelDigest == other.pixelDigest || transferSyntax != other.transferSyntax)
  }

  /// Where the file was found.
  var path: String { identity.path }
}
