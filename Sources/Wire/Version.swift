/// Which version of Tally this is.
public enum TallyVersion: Sendable {
    /// As it is printed and told in metrics; a release sets it beside its heading in CHANGELOG.md.
    public static let text = "0.1.0"
}
