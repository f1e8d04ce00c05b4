namespace Cria.TinyData.Stories;

/// <summary>What happens between a story's opening and its ending.</summary>
internal sealed record Plot(IReadOnlyList<string> Sentences, IReadOnlyList<Ask> Asks)
{
    public static Plot Lost(Cast c) => new(
        [
            $"One [morning|day|evening], the {c.Thing} was gone. {c.BigHero} [looked everywhere|searched the whole house|looked in every corner], but could not find it.",
            $"{c.BigShe} was very [sad|worried|unhappy]. Then {c.AHelper} came [by|along|down the road] and asked, \"[Why are you so sad|What is wrong|What happened]?\"",
            $"\"I have lost my {c.Thing},\" said {c.Hero}. \"[Let us look together|I will help you|Do not worry]!\" said {c.Helper}.",
            $"They [looked|searched] {c.Place}, [and there it was|and there lay the {c.Thing}|where the {c.Thing} was waiting]. {c.BigHero} [jumped for joy|laughed with joy|thanked {c.Helper}].",
        ],
        [
            new Ask($"What did {c.Hero} lose?", $"{c.BigHero} lost the {c.Thing}."),
            new Ask(c.Dice.Say($"[Who helped {c.Hero}|Who came to help]?"), $"{c.BigHelper} helped {c.Hero}."),
            new Ask(c.Dice.Say($"Where [was the {c.Thing}|did they find the {c.Thing}]?"), $"The {c.Thing} was {c.Place}."),
        ]);

    public static Plot Wish(Cast c) => new(
        [
            $"But {c.Hero} [wanted|wished] to [see the world|learn a song|fly like a bird|see the sea]. \"I am too [small|weak|slow|young],\" {c.She} thought.",
            $"{c.BigHelper} [heard this|saw that {c.She} was sad] and said, \"[Nobody is too small for a dream|Come with me|I can show you the way].\"",
            $"So they took the {c.Thing} and [went|walked|travelled] for [three days|seven days|a whole week]. {c.BigShe} was [tired|hungry|afraid] at times, but {c.Helper} gave {c.Her} some {c.Food}.",
            $"At last {c.Hers} wish came true. {c.BigHero} [laughed|cried with joy|danced] and thanked {c.Helper}.",
        ],
        [
            new Ask($"Who showed {c.Hero} the way?", $"{c.BigHelper} showed {c.Hero} the way."),
            new Ask(c.Dice.Say($"What did {c.Helper} give {c.Hero}?"), $"{c.BigHelper} gave {c.Hero} some {c.Food}."),
        ]);

    public static Plot Storm(Cast c) => new(
        [
            $"One [night|evening], a [great|terrible|wild] storm came. The [wind|rain] [shook the walls|beat against the door], and {c.Hero} was afraid.",
            $"Somebody knocked at the door. It was {c.AHelper}, [cold and wet|wet to the bone]. \"[Please let me in|May I come in]!\" said {c.Helper}.",
            $"{c.BigHero} opened the door and gave {c.Helper} some warm {c.Food}. They [talked|told stories|sang songs] until the storm was over.",
            $"In the morning the sun shone. {c.BigHelper} [said thank you|thanked {c.Hero}] and [repaired the roof|cleaned the {c.Thing}|swept the yard].",
        ],
        [
            new Ask($"Who knocked at the door?", $"{c.BigHelper} knocked at the door."),
            new Ask(c.Dice.Say($"What did {c.Hero} give {c.Helper}?"), $"{c.BigHero} gave {c.Helper} some {c.Food}."),
        ]);

    public static Plot Broken(Cast c) => new(
        [
            $"One day, the {c.Thing} [fell down and broke|broke in two|stopped working]. {c.BigHero} [tried to mend it|tried everything], but it was too [hard|difficult].",
            $"So {c.She} went to {c.Helper}, who was {c.Place}. \"Can you [mend|repair] my {c.Thing}?\" asked {c.Hero}.",
            $"\"[Yes, but you must help me|Yes, if you bring me some {c.Food}|Yes, I can do that],\" said {c.Helper}. They worked [all day|until the evening|the whole afternoon].",
            $"Then the {c.Thing} was [whole again|as good as new|better than before]. {c.BigHero} [was very happy|thanked {c.Helper}|danced with joy].",
        ],
        [
            new Ask($"What broke?", $"The {c.Thing} broke."),
            new Ask(c.Dice.Say($"Where was {c.Helper}?"), $"{c.BigHelper} was {c.Place}."),
            new Ask(c.Dice.Say($"Who [mended|repaired] the {c.Thing}?"), $"{c.BigHelper} mended the {c.Thing}."),
        ]);

    public static Plot Shared(Cast c) => new(
        [
            $"One [winter|summer|autumn] day, {c.Hero} met {c.AHelper} {c.Place}. \"I [have nothing|am so hungry|am cold and alone],\" said {c.Helper}.",
            $"{c.BigHero} had only a little {c.Food}. [But {c.She} shared it|{c.BigShe} gave half of it away|{c.BigShe} thought for a moment and shared it].",
            $"The next day, {c.Hero} [was in trouble|fell into a hole|lost the way home]. [Then|Suddenly] {c.Helper} [came running|was there] and [helped|saved] {c.Her}.",
            $"\"You [helped|shared with] me, and now I help you,\" said {c.Helper}.",
        ],
        [
            new Ask($"Where did {c.Hero} meet {c.Helper}?", $"{c.BigHero} met {c.Helper} {c.Place}."),
            new Ask(c.Dice.Say($"What did {c.Hero} share?"), $"{c.BigHero} shared some {c.Food}."),
        ]);

    public static Plot Afraid(Cast c) => new(
        [
            $"But {c.Hero} was afraid of [the dark|thunder|deep water|high places]. {c.BigShe} never went out [alone|at night].",
            $"One evening, {c.Helper} [called for help|cried for help] {c.Place}. [Nobody else heard it|Everybody else was asleep].",
            $"{c.BigHero} took the {c.Thing} and [ran|went out] [as fast as {c.She} could|with a beating heart]. \"[I am coming|Hold on]!\" {c.She} called.",
            $"{c.BigShe} [pulled {c.Helper} out|brought {c.Helper} home safely]. \"You are [very brave|braver than you think],\" said {c.Helper}.",
        ],
        [
            new Ask($"Who called for help?", $"{c.BigHelper} called for help."),
            new Ask(c.Dice.Say($"What did {c.Hero} take?"), $"{c.BigHero} took the {c.Thing}."),
        ]);

    public static Plot Found(Cast c) => new(
        [
            $"One [morning|day], {c.Hero} found [an old letter|a small door|a strange map|a golden key] {c.Spot}. \"[What can this be|How strange|Whose is this]?\" {c.She} [thought|said].",
            $"{c.BigShe} showed it to {c.Helper}, who [knew the answer|laughed|was very surprised]. \"We must [go and see|be quick|keep it secret],\" said {c.Helper}.",
            $"It led them to a place {c.Place}. There they found a [box|chest|bag] full of [gold coins|old books|shells|letters|sweets].",
            $"They [shared it|gave it to the poor|took it home]. The {c.Thing} [was the only witness|had brought them luck], said {c.Hero}.",
        ],
        [
            new Ask($"Who went with {c.Hero}?", $"{c.BigHelper} went with {c.Hero}."),
        ]);

    public static Plot Contest(Cast c) => new(
        [
            $"One day there was a [race|contest] {c.Place}. {c.BigHero} wanted to [win|take part], but [everybody laughed at {c.Her}|the others were faster].",
            $"Only {c.Helper} said, \"[You can do it|I believe in you|Do not give up]!\" So {c.Hero} [practised|worked] every day.",
            $"When the day came, {c.Hero} [did {c.Hers} best|was calm|was ready]. The others [were too sure|stopped to rest|quarrelled], and {c.She} [came first|won].",
            $"The prize was some {c.Food}. {c.BigHero} shared it with {c.Helper}.",
        ],
        [
            new Ask($"What was the prize?", $"The prize was some {c.Food}."),
            new Ask(c.Dice.Say($"Who believed in {c.Hero}?"), $"{c.BigHelper} believed in {c.Hero}."),
        ]);
}
