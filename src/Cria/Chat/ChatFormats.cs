namespace Cria.Chat;

/// <summary>Chat templates for models that carry none, written after the published prompt formats.</summary>
internal static class ChatFormats
{
    /// <summary>Llama 3: header, blank line, trimmed content, end of turn. Tools go before the system message, in the words of a plain instruction.</summary>
    public const string Llama3 =
        """
        {{- bos_token }}
        {%- set ns = namespace(tools=tools or none) %}
        {%- macro list_tools() %}
            {{- 'You can call these functions:\n\n' }}
            {%- for tool in ns.tools %}
                {{- tool | tojson(indent=4) + '\n\n' }}
            {%- endfor %}
            {{- 'To call one, answer with nothing but JSON of the form {"name": function name, "parameters": object with the arguments}.' }}
        {%- endmacro %}
        {%- macro body(message) %}
            {%- if message.tool_calls %}
                {%- for call in message.tool_calls %}
                    {{- '{"name": ' + call.function.name | tojson + ', "parameters": ' + call.function.arguments | tojson + '}' }}
                    {{- '\n' if not loop.last }}
                {%- endfor %}
            {%- elif message.content is string %}
                {{- message.content | trim }}
            {%- elif message.content is not none %}
                {{- message.content | tojson }}
            {%- endif %}
            {{- '<|eot_id|>' }}
        {%- endmacro %}
        {%- if ns.tools and (not messages or messages[0].role != 'system') %}
            {{- '<|start_header_id|>system<|end_header_id|>\n\n' + list_tools() + '<|eot_id|>' }}
        {%- endif %}
        {%- for message in messages %}
            {%- set role = 'ipython' if message.role == 'tool' else message.role %}
            {{- '<|start_header_id|>' + role + '<|end_header_id|>\n\n' }}
            {%- if loop.first and message.role == 'system' and ns.tools %}
                {{- list_tools() + '\n\n' }}
            {%- endif %}
            {%- if message.role == 'assistant' %}
                {%- generation %}
                {{- body(message) }}
                {%- endgeneration %}
            {%- else %}
                {{- body(message) }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
        {%- endif %}
        """;

    /// <summary>Llama 2: instructions in [INST], the system message inside the first.</summary>
    public const string Llama2 =
        """
        {%- set ns = namespace(system='', open=false) %}
        {%- if tools %}
            {{- raise_exception('this model was not trained to call tools') }}
        {%- endif %}
        {%- for message in messages %}
            {%- if message.role == 'system' %}
                {%- set ns.system = ns.system + message.content | trim %}
            {%- elif message.role == 'user' %}
                {{- bos_token + '[INST] ' }}
                {%- if ns.system %}
                    {{- '<<SYS>>\n' + ns.system + '\n<</SYS>>\n\n' }}
                    {%- set ns.system = '' %}
                {%- endif %}
                {{- message.content | trim + ' [/INST]' }}
            {%- elif message.role == 'assistant' %}
                {{- ' ' + message.content | trim + ' ' + eos_token }}
            {%- else %}
                {{- raise_exception('this model knows the roles system, user and assistant') }}
            {%- endif %}
        {%- endfor %}
        """;
}
