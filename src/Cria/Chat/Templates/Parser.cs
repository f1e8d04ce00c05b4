namespace Cria.Chat.Templates;

/// <summary>Turns tokens into statements; the grammar is Jinja's, without inheritance and inclusion, which a model file cannot use.</summary>
internal sealed partial class Parser
{
    private readonly List<Token> tokens;
    private int position;
    private int depth;
    private int loopDepth;

    // Names read so far in the macro being parsed: a macro takes surplus arguments only when it reads them.
    private HashSet<string> variablesRead = new(StringComparer.Ordinal);

    private Parser(List<Token> tokens) => this.tokens = tokens;

    private Token Current => tokens[position];

    private Token Next => tokens[Math.Min(position + 1, tokens.Count - 1)];

    /// <summary>The statements of a whole template.</summary>
    public static Block Parse(string source)
    {
        var parser = new Parser(Lexer.Read(source));
        Block block = parser.ParseBlock();
        if (parser.Current.Kind != TokenKind.End) throw parser.Unexpected();
        return block;
    }

    // Statements until the end or a tag that begins with one of the given words, which is left as the current token.
    private Block ParseBlock(params ReadOnlySpan<string> ends)
    {
        EnterNested();
        var statements = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            Token token = Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    position++;
                    statements.Add(new Statement.Data(token.Line, TracedText.Trusted(token.Text)));
                    break;
                case TokenKind.VariableBegin:
                    position++;
                    Expression value = ParseTuple();
                    Expect(TokenKind.VariableEnd);
                    statements.Add(new Statement.Output(token.Line, value));
                    break;
                case TokenKind.BlockBegin:
                    position++;
                    if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text))
                    {
                        depth--;
                        return new(statements);
                    }

                    statements.Add(ParseStatement());
                    Expect(TokenKind.BlockEnd);
                    break;
                default:
                    throw Unexpected();
            }
        }

        if (!ends.IsEmpty) throw new TemplateException(Current.Line, $"the template ends before '{{% {ends[^1]} %}}'");
        depth--;
        return new(statements);
    }

    private Statement ParseStatement()
    {
        Token tag = Current;
        if (tag.Kind != TokenKind.Name) throw Unexpected();
        position++;
        switch (tag.Text)
        {
            case "for": return ParseFor(tag.Line);
            case "if": return ParseIf(tag.Line);
            case "set": return ParseSet(tag.Line);
            case "macro": return ParseMacro(tag.Line);
            case "call": return ParseCallBlock(tag.Line);
            case "filter": return ParseFilterBlock(tag.Line);
            case "with": return ParseWith(tag.Line);
            case "generation":
                Expect(TokenKind.BlockEnd);
                Block marked = ParseBlock("endgeneration");
                position++;
                return new Statement.Generation(tag.Line, marked);
            case "print": return new Statement.Output(tag.Line, ParseTuple());
            case "break" or "continue":
                if (loopDepth == 0) throw new TemplateException(tag.Line, $"'{tag.Text}' stands outside a loop");
                return new Statement.Jump(tag.Line, tag.Text == "break" ? Flow.Break : Flow.Continue);
            case "extends" or "include" or "import" or "from" or "block":
                throw new TemplateException(tag.Line, $"'{tag.Text}' is not possible in a chat template, which stands alone");
            default:
                throw new TemplateException(tag.Line, $"unknown tag '{tag.Text}'");
        }
    }

    private Statement.For ParseFor(int line)
    {
        Target target = ParseTarget();
        ExpectName("in");
        Expression items = ParseTuple(withCondition: false);
        Expression? condition = SkipName("if") ? ParseExpression() : null;
        bool isRecursive = SkipName("recursive");
        Expect(TokenKind.BlockEnd);
        loopDepth++;
        Block body = ParseBlock("endfor", "else");
        loopDepth--;
        Block? otherwise = null;
        if (SkipName("else"))
        {
            Expect(TokenKind.BlockEnd);
            otherwise = ParseBlock("endfor");
        }

        position++;
        return new(line, target, items, condition, isRecursive, body, otherwise);
    }

    private Statement.If ParseIf(int line)
    {
        var branches = new List<(Expression Condition, Block Body)>();
        Block? otherwise = null;
        do
        {
            Expression condition = ParseTuple(withCondition: false);
            Expect(TokenKind.BlockEnd);
            branches.Add((condition, ParseBlock("elif", "else", "endif")));
        }
        while (SkipName("elif"));

        if (SkipName("else"))
        {
            Expect(TokenKind.BlockEnd);
            otherwise = ParseBlock("endif");
        }

        position++;
        return new(line, branches, otherwise);
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget(allowAttribute: true);
        if (SkipOperator("=")) return new Statement.Set(line, target, ParseTuple());
        Expression filtered = ParseFilters(new Expression.Placeholder(line));
        Expect(TokenKind.BlockEnd);
        Block body = ParseBlock("endset");
        position++;
        return new Statement.SetBlock(line, target, body, filtered);
    }

    private Statement.Macro ParseMacro(int line)
    {
        string name = ExpectAnyName();
        Signature signature = ParseSignature();
        return new(line, name, ParseMacroBody(signature, "endmacro"));
    }

    private Statement.CallBlock ParseCallBlock(int line)
    {
        Signature signature = Current.IsOperator("(") ? ParseSignature() : new([], []);
        if (ParseUnary() is not Expression.Call call) throw new TemplateException(line, "'call' needs a call, as in '{% call name() %}'");
        return new(line, call, ParseMacroBody(signature, "endcall"));
    }

    private MacroBody ParseMacroBody(Signature signature, string end)
    {
        Expect(TokenKind.BlockEnd);
        int outerLoops = loopDepth;
        HashSet<string> outerNames = variablesRead;
        loopDepth = 0;
        variablesRead = new(StringComparer.Ordinal);
        Block body = ParseBlock(end);
        position++;
        var macro = new MacroBody(signature, body, variablesRead.Contains("varargs"), variablesRead.Contains("kwargs"), variablesRead.Contains("caller"));
        loopDepth = outerLoops;
        variablesRead = outerNames;
        return macro;
    }

    private Signature ParseSignature()
    {
        ExpectOperator("(");
        var names = new List<string>();
        var defaults = new List<Expression>();
        while (!Current.IsOperator(")"))
        {
            if (names.Count > 0) ExpectOperator(",");
            if (Current.IsOperator(")")) break;
            names.Add(ExpectAnyName());
            if (SkipOperator("=")) defaults.Add(ParseExpression());
            else if (defaults.Count > 0) throw new TemplateException(Current.Line, $"parameter '{names[^1]}' without a default follows one with a default");
        }

        position++;
        return new([.. names], [.. defaults]);
    }

    private Statement.FilterBlock ParseFilterBlock(int line)
    {
        Expression filtered = ParseFilters(ParseFilter(new Expression.Placeholder(line)));
        Expect(TokenKind.BlockEnd);
        Block block = ParseBlock("endfilter");
        position++;
        return new(line, block, filtered);
    }

    private Statement.With ParseWith(int line)
    {
        var assignments = new List<(Target Target, Expression Value)>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0) ExpectOperator(",");
            Target target = ParseTarget();
            ExpectOperator("=");
            assignments.Add((target, ParseExpression()));
        }

        position++;
        Block body = ParseBlock("endwith");
        position++;
        return new(line, assignments, body);
    }

    private Target ParseTarget(bool allowAttribute = false)
    {
        var parts = new List<Target> { ParseSingleTarget(allowAttribute) };
        bool isTuple = false;
        while (SkipOperator(","))
        {
            isTuple = true;
            if (Current.Kind != TokenKind.Name && !Current.IsOperator("(")) break;
            if (Current.IsName("in")) break;
            parts.Add(ParseSingleTarget(allowAttribute));
        }

        return isTuple ? new Target.Tuple([.. parts]) : parts[0];
    }

    private Target ParseSingleTarget(bool allowAttribute)
    {
        if (SkipOperator("("))
        {
            EnterNested();
            Target inner = ParseTarget(allowAttribute);
            depth--;
            ExpectOperator(")");
            return inner;
        }

        int line = Current.Line;
        string name = ExpectAnyName();
        if (name is "true" or "false" or "none" or "True" or "False" or "None") throw new TemplateException(line, $"'{name}' cannot be assigned to");
        return allowAttribute && SkipOperator(".") ? new Target.Attribute(line, name, ExpectAnyName()) : new Target.Variable(name);
    }

    private void EnterNested()
    {
        if (++depth > RenderBudget.MaximumDepth || !System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException(Current.Line, "the template nests too deeply; use another template");
    }

    private void Expect(TokenKind kind)
    {
        if (Current.Kind != kind) throw Unexpected();
        position++;
    }

    private void ExpectOperator(string text)
    {
        if (!SkipOperator(text)) throw new TemplateException(Current.Line, $"expected '{text}' but found {Current.Description}");
    }

    private void ExpectName(string name)
    {
        if (!SkipName(name)) throw new TemplateException(Current.Line, $"expected '{name}' but found {Current.Description}");
    }

    private string ExpectAnyName()
    {
        if (Current.Kind != TokenKind.Name) throw new TemplateException(Current.Line, $"expected a name but found {Current.Description}");
        return tokens[position++].Text;
    }

    private bool SkipOperator(string text)
    {
        bool found = Current.IsOperator(text);
        if (found) position++;
        return found;
    }

    private bool SkipName(string name)
    {
        bool found = Current.IsName(name);
        if (found) position++;
        return found;
    }

    private TemplateException Unexpected() => new(Current.Line, $"unexpected {Current.Description}");
}
