extension DICOMSeries {
  /// Sorts headers into volumes: by series UID, split by what cannot share a volume, each stack
  /// ordered along its normal. The result is the same for any order of `headers`.
  public static func group(_ headers: [DICOMHeader], policy: Policy = Policy()) -> DICOMGrouping {
    var grouping = DICOMGrouping()
    let sorted = headers.sorted {
      ($0.identity.sopInstanceUID ?? "", $0.path) < ($1.identity.sopInstanceUID ?? "", $1.path)
    }
    grouping.nonImages = sorted.filter { $0.nonImage != nil }
    let fit = fit(sorted.filter { $0.nonImage == nil }, policy, &grouping.refused)
      .filter { taken($0, policy.color, &grouping.refused) }
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
    _ headers: [DICOMHeader], _ policy: Policy, _ refused: inout [DICOMRefusal]
  ) -> [DICOMHeader] {
    guard !policy.burnedIn else { return headers }
    for risk in BurnedInRisk.allCases {
      let risky = headers.filter { $0.burnedIn == risk }
      for (uid, members) in Dictionary(grouping: risky, by: { $0.identity.seriesInstanceUID ?? "" })
        .sorted(by: { $0.key < $1.key })
      {
        refused.append(
          DICOMRefusal(
            seriesUID: uid, paths: members.map(\.path).sorted(),
            error: .burnedIn(seriesUID: uid, reason: risk.words)))
      }
    }
    return headers.filter { $0.burnedIn == nil }
  }

  /// Files whose SOP Instance UID and places have been seen already are copies, unless their pixels
  /// differ though encoded alike: a UID that was given twice hides no image.
  private static func withoutDuplicates(
    _ headers: [DICOMHeader], _ notes: inout [DICOMNote]
  ) -> [DICOMHeader] {
    var kept: [DICOMHeader] = []
    var start = 0  // of the run of equal UIDs in `kept`
    for header in headers {
      if kept.last?.identity.sopInstanceUID != header.identity.sopInstanceUID { start = kept.count }
      let isCopy =
        header.identity.sopInstanceUID != nil
        && kept[start...].contains { $0.isCopy(of: header) }
      if isCopy {
        notes.append(DICOMNote(path: header.path, text: "a copy with the same SOP Instance UID"))
      } else {
        kept.append(header)
      }
    }
    return kept
  }

  private static func bySeries(
    _ headers: [DICOMHeader], _ refused: inout [DICOMRefusal]
  ) -> [(uid: String, members: [DICOMHeader])] {
    var series: [String: [DICOMHeader]] = [:]
    for header in headers {
      if let uid = header.identity.seriesInstanceUID {
        series[uid, default: []].append(header)
      } else {
        refused.append(
          DICOMRefusal(
            seriesUID: "", paths: [header.path],
            error: .malformed(path: header.path, reason: "no SeriesInstanceUID")))
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
