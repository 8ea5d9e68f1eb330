/// Which words of a Manufacturer's Model Name may be kept.
///
/// The attribute is free text (LO, 64 characters), and sites have put their own names into it. So
/// a model keeps the words that scanners are called by and its short numbers, and loses the rest:
/// `DISCOVERY MR750` stays, `DISCOVERY MR750 St. Elsewhere` becomes the same.
enum ScannerModel {
  /// The words that may stay, in their order; nil when none of them is a scanner's name.
  static func allowed(_ text: String) -> String? {
    let words = text.prefix(256).split(whereSeparator: { " _/,;()[]".contains($0) }).map(
      String.init)
    let kept = words.filter { isName($0) || isNumber($0) }.prefix(8)
    guard kept.contains(where: isName) else { return nil }
    return kept.joined(separator: " ")
  }

  private static func isName(_ word: String) -> Bool { names.contains(word.lowercased()) }

  /// `3T`, `1.5T`, `64`, `MR750w`, `CT750`, `X`: too short to be a person or a record's number.
  private static func isNumber(_ word: String) -> Bool {
    var form = WordForm(word)
    let hasForm =
      form.take(0...3, WordForm.isLetter) && form.take(1...3, WordForm.isDigit)
      && form.takeOptional(".", WordForm.isDigit) && form.take(0...2, WordForm.isLetter)
      && form.isAtEnd
    return hasForm || (word.utf8.count == 1 && WordForm.isUpper(word.utf8[word.startIndex]))
  }

  private static let names: Set<String> = Set(
    """
    achieva acuity advance advanced affinity air airis alexion alpha ambition aperto aquilion
    architect artis artist as ascend avanto aera allegra altaire amira bed biograph brightspeed
    brilliance cardiac celesteion champion cima cima.x concerto concert confirm cios class
    cochlea consistence ct ct660 ct750 c-scan definition digital discovery ds dstream dual drive
    duo echelon edge edition elan elite elition emotion encore energy espree essenza excelart
    excel excite expert eclipse explorer evo evolution everest fit flash flow force free.max
    free.star frontier galan gemini genesis genesis_signa go go.all go.now go.open go.sim go.top
    go.up gyroscan harmony hd hdi hdx hdxt hdxtwin high hispeed horizon ict ict256 idt impact
    infinia ingenia ingenuity integral intera intuition investigational_device_7t investigational
    iq iqon lightning lightspeed lumina lx magnetom magic master max mct mmr mobile mr mr-linac
    mri mx mx8000 mx16 naeotom nx oasis omega one open openspeed optima orian ovation oval
    panorama panther pegaso performance perspective pet petct phantom pioneer platform plus
    polaris precision premier premium prime prisma pro proto prospeed quantum quant r
    revolution rhapsody rx scan scenaria scope sempra sensation signa sky skyra sola somatom
    sonata spectral speedia spirit standard star ste super superdrive supria symphony symbia
    systems synchrony tandem terra terra.x tf tim time tof titan tomoscan trident trillium trinias
    trio triotim triple true truebeam truflight turbo twin twinspeed twospeed ultra ultimate
    ultrafast uhp uct uexplorer umi umr upmr unity vantage vct velocity verio vereos verse vida
    viva vision vista vivid viosworks volume voyager whole work x xl xr xt xvision xpress
    asteion auklet activion beacon biomatrix lamina
    """.split(whereSeparator: \.isWhitespace).map(String.init))
}
